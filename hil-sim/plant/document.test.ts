import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PlantDocument } from './document.ts';

const test = suite('text of a plant file');

test('several YAML documents in one file are refused in one sentence', () => {
  assert.throws(
    () => new PlantDocument('plant.yaml', 'lines: {}\n---\ndevices: {}\n'),
    /^Cannot load plant "plant.yaml": it holds several YAML documents; keep one, without "---" between parts$/,
  );
});

test.run();
