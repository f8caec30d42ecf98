/** A source of chance: a number in [0, 1). Handed in, so that a seed replays a run. */
export type Random = () => number;

/** Chance from the machine, for production. */
export const systemRandom: Random = Math.random;

/** Mulberry32: a small generator with a period of 2^32, good enough for noise, jitter and tests; not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
