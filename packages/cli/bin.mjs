#!/usr/bin/env node
// What `npx selvedge` runs: the bundle, built first where that has not been done yet.
import { existsSync } from 'node:fs';

const bundle = new URL('../../dist/selvedge.mjs', import.meta.url);
if (!existsSync(bundle)) await import('../../scripts/build.mjs');
await import(bundle.href);
