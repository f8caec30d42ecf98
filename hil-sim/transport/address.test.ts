import { FieldError } from '@selvedge/base/errors';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatAddress, isLoopback, type ListenAddress, parseAddress, type Scheme } from './address.ts';

const test = suite('listen address');
const schemes: readonly Scheme[] = ['tcp', 'pty', 'unix'];

test('an address that was written is read as it was', () => {
  const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('localhost', 'plc-1.example.org'));
  const path = fc.stringMatching(/^\/[a-z0-9/._-]{1,80}$/);
  const address: fc.Arbitrary<ListenAddress> = fc.oneof(
    fc.record({ scheme: fc.constant('tcp' as const), host, port: fc.integer({ min: 0, max: 65_535 }) }),
    fc.record({ scheme: fc.constantFrom('pty' as const, 'unix' as const), path }),
  );
  fc.assert(
    // Spread, since fast-check's records have no prototype and uvu compares that too.
    fc.property(address, (one) => assert.equal(parseAddress(formatAddress(one), schemes), { ...one })),
    { seed: 6 },
  );
});

test('any text is read or refused with an error of ours that quotes it', () => {
  const text = fc.oneof(
    fc.string(),
    fc.tuple(fc.constantFrom('tcp:', 'pty:', 'unix:'), fc.string()).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (one) => {
      try {
        const address = parseAddress(one, schemes);
        if (address.scheme === 'tcp') assert.ok(address.port >= 0 && address.port <= 65_535);
        else assert.ok(address.path.startsWith('/') && address.path.length <= 100);
      } catch (error) {
        assert.instance(error, FieldError);
        assert.ok((error as Error).message.startsWith(`Cannot listen on "${one}": `));
      }
    }),
    { seed: 7, numRuns: 1_000 },
  );
});

test('what cannot be says why', () => {
  const reasons: [string, RegExp][] = [
    ['tcp:127.0.0.1', /write tcp:127\.0\.0\.1:1502$/],
    ['tcp:::1:502', /write tcp:/],
    ['tcp:127.0.0.1:65536', /a port is at most 65535$/],
    ['pty:bus', /the path must begin with \/$/],
    [`unix:/${'x'.repeat(100)}`, /longer than 100 characters$/],
    ['serial:/dev/ttyS0', /write tcp:127\.0\.0\.1:1502 or pty:\/path\/of\/link or unix:\/path$/],
  ];
  for (const [text, reason] of reasons) assert.throws(() => parseAddress(text, schemes), reason);
  assert.throws(() => parseAddress('unix:/x', ['tcp']), /write tcp:/);
});

test('loopback is what only this machine can reach', () => {
  for (const host of ['localhost', '::1', '127.0.0.1', '127.8.9.10']) assert.ok(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '192.168.0.1', '127.0.0.1.example.org', 'x127.0.0.1']) {
    assert.not.ok(isLoopback(host), host);
  }
});

test.run();
