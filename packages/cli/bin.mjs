#!/usr/bin/env node
// What `npm start` and `npx selvedge` run: the bundle, in a checkout made ready first.
import { existsSync } from 'node:fs';

const ready = new URL('../../scripts/ready.mjs', import.meta.url);
if (existsSync(ready)) await (await import(ready.href)).makeReady({ build: true });
await import(new URL('../../dist/selvedge.mjs', import.meta.url).href);
