import type { Duration } from '@selvedge/base/duration';
import type { LineAddress, ServerAddress } from '../transport/address.ts';

/** A plant with every default filled in and every name resolved: what the simulator runs. */
export interface Plant {
  readonly seed: number;
  /** Time between two steps of physics. */
  readonly step: Duration;
  readonly control: ServerAddress | undefined;
  readonly lines: readonly Line[];
  readonly devices: readonly Device[];
  readonly signals: readonly Signal[];
  /** The points that signals read; a {@link Ref} of kind `point` is an index into this list. */
  readonly inputs: readonly Point[];
}

export interface Line {
  readonly name: string;
  readonly listen: LineAddress;
  readonly serial: SerialSettings;
  readonly unknownUnit: 'exception' | 'silent';
}

export interface SerialSettings {
  readonly baudRate: number;
  readonly dataBits: number;
  readonly parity: 'none' | 'even' | 'odd';
  readonly stopBits: number;
}

export interface Device {
  readonly name: string;
  readonly line: string;
  readonly unit: number;
  readonly online: boolean;
  readonly responseDelay: Duration;
  readonly holes: 'zero' | 'refuse';
  readonly identity: { readonly vendor: string; readonly product: string; readonly revision: string };
  readonly points: readonly Point[];
}

export const bitTables = ['coils', 'discreteInputs'] as const;
export const registerTables = ['inputRegisters', 'holdingRegisters'] as const;
export type BitTable = (typeof bitTables)[number];
export type RegisterTable = (typeof registerTables)[number];
export type Table = BitTable | RegisterTable;

export type RegisterType = 'bool' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'float32';
export type WordOrder = 'big' | 'little';

interface PointBase {
  readonly device: string;
  readonly name: string;
  readonly address: number;
}

export interface BitPoint extends PointBase {
  readonly table: BitTable;
  readonly initial: boolean;
}

export interface RegisterPoint extends PointBase {
  readonly table: RegisterTable;
  readonly type: RegisterType;
  readonly wordOrder: WordOrder;
  readonly byteOrder: WordOrder;
  readonly scale: number;
  readonly offset: number;
  readonly initial: PointValue;
}

export type Point = BitPoint | RegisterPoint;
/** What a point means: a boolean for bits and registers of type bool, else a number in the point's own unit. */
export type PointValue = number | boolean;

export const isBit = (point: Point): point is BitPoint => point.table === 'coils' || point.table === 'discreteInputs';

/** Registers that a value of `type` takes. */
export const registersOf = (type: RegisterType): number =>
  type === 'int32' || type === 'uint32' || type === 'float32' ? 2 : 1;

/** Where a signal gets a number from. Bits count as 0 and 1. */
export type Ref =
  | { readonly from: 'constant'; readonly value: number }
  | { readonly from: 'signal'; readonly index: number }
  | { readonly from: 'point'; readonly index: number };

export interface Signal {
  /** `ambient` in the world, `boiler.water` in a device. */
  readonly name: string;
  readonly law: Law;
  readonly initial: number;
  readonly noise: number;
  readonly min: number;
  readonly max: number;
  readonly drives: readonly Point[];
}

/** How a signal moves. Times in seconds, rates per second. */
export type Law =
  | { readonly kind: 'constant'; readonly value: Ref }
  | {
      readonly kind: 'lag';
      readonly towards: Ref;
      readonly tau: number;
      readonly when: Ref;
      readonly ambient: Ref | undefined;
      readonly ambientTau: number;
    }
  | { readonly kind: 'slew'; readonly towards: Ref; readonly rate: number }
  | {
      readonly kind: 'ramp';
      readonly from: Ref;
      readonly to: Ref;
      readonly duration: number;
      readonly end: 'hold' | 'restart' | 'return';
      readonly when: Ref;
    }
  | {
      readonly kind: 'counter';
      readonly rate: Ref;
      readonly gain: number;
      readonly modulus: number | undefined;
      readonly when: Ref;
    }
  | {
      readonly kind: 'sine';
      readonly mean: Ref;
      readonly amplitude: Ref;
      readonly period: number;
      readonly phase: number;
    }
  | {
      readonly kind: 'sum';
      readonly terms: readonly { readonly ref: Ref; readonly factor: number }[];
      readonly offset: number;
    }
  | {
      readonly kind: 'switch';
      readonly input: Ref;
      readonly above: Ref | undefined;
      readonly below: Ref | undefined;
      readonly hysteresis: number;
      readonly when: Ref;
    };
