import type { Restriction } from './action.ts';

/** For runs that kubectl gives up. */
export const givenUp: Restriction = {
  reason: 'kubectl may or may not log the end of its watch before it exits',
  keepErrors: (output) =>
    output
      .split('\n')
      .filter((line) => !/^[IWE]\d{4} .*reflector\.go/.test(line))
      .join('\n'),
};
