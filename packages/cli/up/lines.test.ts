import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LineSplitter } from './lines.ts';

const test = suite('lines');

test('however a text is cut, its lines are the same', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 40 });
  fc.assert(
    fc.property(letters, fc.array(fc.nat(40)), (text, cuts) => {
      const lines: string[] = [];
      const splitter = new LineSplitter((line) => lines.push(line));
      const places = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
      for (const [index, place] of places.slice(1).entries()) splitter.push(text.slice(places[index], place));
      splitter.end();
      const expected = text.split('\n');
      if (expected.at(-1) === '') expected.pop();
      assert.equal(lines, expected);
    }),
  );
});

test('a line without end is handed on in pieces, so that no memory is held', () => {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line), 10);
  for (let count = 0; count < 5; count++) splitter.push('123456');
  splitter.push('\n');
  assert.is(lines.join(''), '123456'.repeat(5));
  assert.ok(lines.every((line) => line.length <= 16));
});

test.run();
