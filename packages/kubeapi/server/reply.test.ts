import { transient } from '@selvedge/base/errors';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { replyTo } from './reply.ts';

const test = suite('replies to failures');

const told = (error: unknown) => {
  const { code, body } = replyTo(error);
  return `${code} ${JSON.parse(String(body)).message}`;
};

test('a failure that passes by itself says why, so that a full disk is known at the terminal', () => {
  const full = transient('StoreFailed', 'Cannot store: see whether the disk is full', new Error('/var/lib/x.sqlite'));
  assert.is(told(full), '500 Internal error occurred: Cannot store: see whether the disk is full');
});

test('a mistake of our own keeps its insides to the log', () => {
  assert.is(told(new TypeError('x is undefined')), '500 Internal error occurred: see the log of the server');
});

test.run();
