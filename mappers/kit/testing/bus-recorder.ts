import type { WriteOutcome } from '@selvedge/contract/outcome';
import type { Sample } from '@selvedge/contract/sample';
import { decodePayload, type Payload, parseTopic } from '@selvedge/contract/topics';
import type { MapperBus } from '../mapper.ts';

/** A bus that keeps what a mapper tells, by device name. Everything must hold to its topic's shape. */
export class BusRecorder implements MapperBus {
  readonly #samples = new Map<string, Sample[]>();
  readonly #outcomes = new Map<string, WriteOutcome[]>();
  readonly #health = new Map<string, Payload<'health'> | undefined>();

  publish(topic: string, payload: string): void {
    const parsed = parseTopic(topic);
    const name = parsed?.parameters.name;
    if (!parsed || name === undefined) throw new Error(`the mapper published on ${topic}`);
    const bytes = Buffer.from(payload);
    if (parsed.name === 'samples') push(this.#samples, name, ...decodePayload('samples', bytes).points);
    else if (parsed.name === 'outcome') push(this.#outcomes, name, decodePayload('outcome', bytes).outcome);
    else this.#health.set(name, payload === '' ? undefined : decodePayload('health', bytes));
  }

  samples(name: string, property = 'p'): readonly Sample[] {
    return (this.#samples.get(name) ?? []).filter((sample) => sample.property === property);
  }

  outcomes(name: string): readonly WriteOutcome[] {
    return this.#outcomes.get(name) ?? [];
  }

  health(name: string): Payload<'health'> | undefined {
    return this.#health.get(name);
  }
}

function push<Entry>(map: Map<string, Entry[]>, key: string, ...entries: Entry[]): void {
  const list = map.get(key) ?? [];
  list.push(...entries);
  map.set(key, list);
}
