import { readFileSync, statSync } from 'node:fs';
import { configError } from '@selvedge/base/errors';
import { PlantDocument } from './document.ts';
import type { Plant } from './plant.ts';
import { resolvePlant } from './resolve.ts';
import { plantSchema } from './schema.ts';

/** Reads a plant file. @throws configError `UnreadablePlant`, `InvalidPlant` */
export function loadPlant(file: string): Plant {
  let text: string;
  try {
    if (!statSync(file).isFile()) throw new Error('not a file');
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw configError('UnreadablePlant', `Cannot load plant "${file}"`, error);
  }
  return parsePlant(file, text);
}

/** A plant from the text of its file; `file` is used in error texts alone. @throws configError `InvalidPlant` */
export function parsePlant(file: string, text: string): Plant {
  const document = new PlantDocument(file, text);
  return resolvePlant(document, document.check(plantSchema, document.value, []));
}
