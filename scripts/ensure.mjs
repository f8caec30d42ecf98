/** What npm calls before it runs tests: makes the checkout ready, with `--build` the bundles too. */
import { makeReady } from './ready.mjs';

await makeReady({ build: process.argv.includes('--build') });
