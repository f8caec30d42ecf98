import type * as Uvu from 'uvu';

/**
 * uvu as the tests get it (test/tsconfig.json), but for one thing: what a `before` hook throws is shown. uvu's runner
 * returns from a `finally`, so that such an error is lost and the tests of the suite merely do not run.
 */
const plain = (await import(new URL('../../node_modules/uvu/dist/index.mjs', import.meta.url).href)) as typeof Uvu;

export const suite = <Context>(name?: string, context?: Context): Uvu.Test<Context> =>
  tellingHooks(plain.suite(name, context));

export const test = tellingHooks(plain.test);

function tellingHooks<Context>(tests: Uvu.Test<Context>): Uvu.Test<Context> {
  const { before } = tests;
  const telling = (hook: Uvu.Callback<Context>) =>
    before(async (context) => {
      try {
        await hook(context);
      } catch (error) {
        console.error(`\n  before hook: ${error instanceof Error ? error.stack : String(error)}\n`);
        throw error;
      }
    });
  tests.before = Object.assign(telling, { each: before.each });
  return tests;
}
