import { type Static, type TSchema, Type } from '@sinclair/typebox';

// The plant file as a person writes it. Everything optional here has its default in resolve.ts.

const closed = { additionalProperties: false };
const order = (description: string) => Type.Union([Type.Literal('big'), Type.Literal('little')], { description });

const bitPoint = Type.Object(
  {
    address: Type.Integer({ minimum: 0, maximum: 65_535, description: 'zero-based address on the wire' }),
    initial: Type.Optional(Type.Boolean({ description: 'value at start, default false' })),
  },
  closed,
);

const registerPoint = Type.Object(
  {
    address: Type.Integer({ minimum: 0, maximum: 65_535, description: 'zero-based address of the first register' }),
    type: Type.Optional(
      Type.Union(
        [
          Type.Literal('bool'),
          Type.Literal('int16'),
          Type.Literal('uint16'),
          Type.Literal('int32'),
          Type.Literal('uint32'),
          Type.Literal('float32'),
        ],
        { description: 'default int16; two registers for the 32-bit types' },
      ),
    ),
    wordOrder: Type.Optional(order('which 16-bit word of a 32-bit value comes first, default big (high word)')),
    byteOrder: Type.Optional(order('order of the two bytes in each register, default big (as the standard)')),
    scale: Type.Optional(Type.Number({ description: 'value = raw * scale + offset, default 1, not 0' })),
    offset: Type.Optional(Type.Number({ description: 'default 0' })),
    initial: Type.Optional(
      Type.Union([Type.Number(), Type.Boolean()], { description: 'value (not raw) at start, default 0' }),
    ),
  },
  closed,
);

const anySignal = Type.Object(
  { kind: Type.String({ description: 'the kind of signal' }) },
  { additionalProperties: true, description: 'a mapping with a "kind"' },
);

const device = Type.Object(
  {
    line: Type.String({ description: 'name of a line above' }),
    unit: Type.Integer({ minimum: 1, maximum: 247, description: 'unit id' }),
    repeat: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 247, description: 'so many copies, NAME-1 and on, unit ids counting up' }),
    ),
    online: Type.Optional(Type.Boolean({ description: 'false: the device never answers; default true' })),
    responseDelay: Type.Optional(
      Type.Number({ minimum: 0, maximum: 60_000, description: 'milliseconds before each answer, default 0' }),
    ),
    holes: Type.Optional(
      Type.Union([Type.Literal('zero'), Type.Literal('refuse')], {
        description: 'addresses between points read as zero (default), or are refused with exception 2',
      }),
    ),
    identity: Type.Optional(
      Type.Object(
        {
          vendor: Type.Optional(Type.String({ maxLength: 60 })),
          product: Type.Optional(Type.String({ maxLength: 60 })),
          revision: Type.Optional(Type.String({ maxLength: 60 })),
        },
        { ...closed, description: 'what function 43/14 tells' },
      ),
    ),
    coils: Type.Optional(Type.Record(Type.String(), bitPoint)),
    discreteInputs: Type.Optional(Type.Record(Type.String(), bitPoint)),
    inputRegisters: Type.Optional(Type.Record(Type.String(), registerPoint)),
    holdingRegisters: Type.Optional(Type.Record(Type.String(), registerPoint)),
    physics: Type.Optional(Type.Record(Type.String(), anySignal)),
  },
  closed,
);

const line = Type.Object(
  {
    modbus: Type.Object(
      {
        listen: Type.String({ description: 'an address, tcp:HOST:PORT or pty:/PATH' }),
        baudRate: Type.Optional(Type.Integer({ minimum: 300, maximum: 4_000_000, description: 'default 19200' })),
        dataBits: Type.Optional(Type.Integer({ minimum: 7, maximum: 8, description: 'default 8' })),
        parity: Type.Optional(
          Type.Union([Type.Literal('none'), Type.Literal('even'), Type.Literal('odd')], {
            description: 'default even',
          }),
        ),
        stopBits: Type.Optional(Type.Integer({ minimum: 1, maximum: 2, description: 'default 1, without parity 2' })),
        unknownUnit: Type.Optional(
          Type.Union([Type.Literal('exception'), Type.Literal('silent')], {
            description: 'TCP only: a unit that is not here gets exception 11 (default), or no answer',
          }),
        ),
      },
      closed,
    ),
  },
  closed,
);

export const plantSchema = Type.Object(
  {
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295, description: 'default 1' })),
    step: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: 60_000,
        description: 'milliseconds between two steps of physics, default 50',
      }),
    ),
    control: Type.Optional(
      Type.Object({ listen: Type.String({ description: 'an address, tcp:127.0.0.1:PORT or unix:/PATH' }) }, closed),
    ),
    lines: Type.Record(Type.String(), line),
    devices: Type.Record(Type.String(), device),
    world: Type.Optional(Type.Record(Type.String(), anySignal)),
  },
  closed,
);

const ref = (description: string) =>
  Type.Union([Type.Number(), Type.String()], {
    description: `${description}: a number, or the name of a point or signal`,
  });
const positiveSeconds = (description: string) => Type.Number({ exclusiveMinimum: 0, description });

const common = {
  initial: Type.Optional(Type.Number({ description: 'value at start' })),
  noise: Type.Optional(
    Type.Number({ minimum: 0, description: 'standard deviation added to what is measured, default 0' }),
  ),
  min: Type.Optional(Type.Number({ description: 'never below' })),
  max: Type.Optional(Type.Number({ description: 'never above' })),
  drives: Type.Optional(
    Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: 100 })], {
      description: 'the point, or list of points, that shows this signal',
    }),
  ),
};
const when = Type.Optional(ref('works while this is not zero; default always'));

/** The settings of each kind of signal. */
export const signalSchemas = {
  constant: Type.Object({ kind: Type.Literal('constant'), value: ref('value'), ...common }, closed),
  lag: Type.Object(
    {
      kind: Type.Literal('lag'),
      towards: ref('where it goes while working'),
      tau: positiveSeconds('time constant in seconds'),
      when,
      ambient: Type.Optional(ref('where it goes while not working; default it stays')),
      ambientTau: Type.Optional(positiveSeconds('time constant of the loss in seconds, default tau')),
      ...common,
    },
    closed,
  ),
  slew: Type.Object(
    { kind: Type.Literal('slew'), towards: ref('where it goes'), rate: positiveSeconds('units per second'), ...common },
    closed,
  ),
  ramp: Type.Object(
    {
      kind: Type.Literal('ramp'),
      from: ref('first value'),
      to: ref('last value'),
      duration: positiveSeconds('seconds from the first to the last value'),
      end: Type.Optional(
        Type.Union([Type.Literal('hold'), Type.Literal('restart'), Type.Literal('return')], {
          description: 'at the end: hold (default), restart, or return the way it came',
        }),
      ),
      when,
      ...common,
    },
    closed,
  ),
  counter: Type.Object(
    {
      kind: Type.Literal('counter'),
      rate: ref('units per second'),
      gain: Type.Optional(Type.Number({ description: 'multiplies rate, default 1' })),
      modulus: Type.Optional(positiveSeconds('starts again from zero here; default never')),
      when,
      ...common,
    },
    closed,
  ),
  sine: Type.Object(
    {
      kind: Type.Literal('sine'),
      mean: Type.Optional(ref('middle, default 0')),
      amplitude: ref('height above the middle'),
      period: positiveSeconds('seconds'),
      phase: Type.Optional(Type.Number({ description: 'share of a period to begin at, 0 to 1, default 0' })),
      ...common,
    },
    closed,
  ),
  sum: Type.Object(
    {
      kind: Type.Literal('sum'),
      terms: Type.Record(Type.String(), Type.Number(), { description: 'a mapping: name of point or signal to factor' }),
      offset: Type.Optional(Type.Number({ description: 'default 0' })),
      ...common,
    },
    closed,
  ),
  switch: Type.Object(
    {
      kind: Type.Literal('switch'),
      input: ref('what is looked at'),
      above: Type.Optional(ref('on when the input is above this')),
      below: Type.Optional(ref('on when the input is below this')),
      hysteresis: Type.Optional(
        Type.Number({ minimum: 0, description: 'once on, stays on this far past the threshold, default 0' }),
      ),
      when,
      ...common,
    },
    closed,
  ),
} satisfies Record<string, TSchema>;

export type PlantFile = Static<typeof plantSchema>;
export type DeviceFile = Static<typeof device>;
export type LineFile = Static<typeof line>;
export type RegisterPointFile = Static<typeof registerPoint>;
export type BitPointFile = Static<typeof bitPoint>;
export type SignalKind = keyof typeof signalSchemas;
export type SignalFile = { [Kind in SignalKind]: Static<(typeof signalSchemas)[Kind]> }[SignalKind];
