import type { Clock } from '@selvedge/base/clock';
import type { Duration } from '@selvedge/base/duration';
import type { Logger } from '@selvedge/base/log';
import type { Random } from '@selvedge/base/random';
import type { SettingValue } from '@selvedge/contract/normalise';
import type { ProtocolSchema } from '@selvedge/contract/protocol-schema';
import type { Quality } from '@selvedge/contract/quality';
import type { PropertyType } from '@selvedge/contract/value';

/** A `configData` after `normalise()` found no problem in it. */
export type Settings = Readonly<Record<string, SettingValue>>;

/** A value as the device holds it, before scale and offset. */
export type Raw = number | bigint | boolean | string | Uint8Array;

/** What raw values a point can hold. Bounds are included; `maxBytes` and `bytes` count UTF-8 bytes. */
export type RawKind =
  | { readonly kind: 'bit' }
  | { readonly kind: 'integer'; readonly minimum: bigint; readonly maximum: bigint }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  | { readonly kind: 'text'; readonly maxBytes: number }
  | { readonly kind: 'bytes'; readonly length: number };

/** What a driver is told of a property when it makes a point of it. */
export interface PointSource<Device> {
  readonly name: string;
  readonly type: PropertyType;
  readonly visitor: Settings;
  readonly device: Device;
}

/** One addressable value. `value = raw * scale + offset`. */
export interface Point<Address> {
  readonly name: string;
  readonly address: Address;
  readonly raw: RawKind;
  readonly scale: number;
  readonly offset: number;
  /** Why it cannot be written, for a person; absent when it can. */
  readonly readOnly?: string;
}

/** Where a device is connected and how to speak with it there. */
export interface Placement<Line, Device> {
  /** Equal for devices that share one physical line, and readable: `tcp:10.0.0.5:502`, `serial:/dev/ttyUSB0`. */
  readonly lineKey: string;
  /** Settings of the line; devices of one line must agree on them. Plain data. */
  readonly line: Line;
  readonly device: Device;
  /** How long one request to this device may take. */
  readonly timeout: Duration;
}

export interface Reading {
  /** Absent only when the quality is bad. */
  readonly raw?: Raw;
  readonly quality: Quality;
  /** Why the quality is not good. */
  readonly reason?: string;
}

/** Bounds of one request. */
export interface Call {
  /** The driver gives up by itself after this, with code `Timeout`; the kit does so a little later. */
  readonly timeout: Duration;
  /**
   * Aborted when nobody waits for the answer any more. The driver then settles as soon as the wire is free for the next request,
   * which is what the kit waits for: at the latest when the time is over.
   */
  readonly signal: AbortSignal;
}

/** What the kit hands to a driver that opens a line. */
export interface DriverIo {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Private directory of this mapper, for key material. */
  readonly dataDir: string;
  /** To be called once when an open line breaks, also while nothing is being asked. */
  readonly lost: (error: unknown) => void;
}

/**
 * The protocol half of a mapper. The kit owns everything else: schedule, write-first queue, time-outs, retries, breaker,
 * conversion, read-back, outcome, MQTT, configuration.
 *
 * Errors are `FieldError`s, and their kind decides (verdict.ts): `rejected` and `config`: the device, or a rule of its protocol,
 * said no. `transient`: try again; with code `Busy` or `DeviceFailure` the device said so itself, with `LineLost` the line broke
 * and is opened again, with any other (`Timeout`, `DeviceUnreachable`, `BadAnswer`) it counts against the device.
 *
 * conformance.ts asserts all that is promised here; every driver's tests run it.
 */
export interface Driver<Line, Device, Address> {
  /** `spec.protocol.protocolName`, lower case. */
  readonly protocol: string;
  readonly schema: ProtocolSchema;
  /** Takes line and device apart, which `configData` mixes. Pure. @throws configError `InvalidConfig` */
  split(config: Settings): Placement<Line, Device>;
  /** Makes a point of a property. Pure. @throws configError `InvalidConfig`, saying which setting is wrong */
  point(source: PointSource<Device>): Point<Address>;
  /** Groups points that one request can read. Pure. Without it each point is a request of its own. */
  plan?(points: readonly Point<Address>[], device: Device): readonly (readonly Point<Address>[])[];
  /** Opens a line. No retries inside; the kit opens again with back-off. */
  open(line: Line, io: DriverIo): Promise<Session<Device, Address>>;
}

/** An open line. The kit asks one thing at a time. */
export interface Session<Device, Address> {
  /** Reads a group that `plan` made; one reading per point, in order. */
  read(device: Device, points: readonly Point<Address>[], call: Call): Promise<readonly Reading[]>;
  /** Resolves when the device acknowledged. */
  write(device: Device, point: Point<Address>, raw: Raw, call: Call): Promise<void>;
  /** Idempotent. Whoever waits for an answer is rejected with `LineLost`, as is who asks afterwards; `lost` is not called. */
  close(): Promise<void>;
}
