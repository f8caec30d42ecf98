import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isLater, type Revision, sameRevision } from './revision.ts';

const test = suite('revisions');

const small = fc.integer({ min: 0, max: 3 });
const revision: fc.Arbitrary<Revision> = fc.record({ uid: fc.constantFrom('u', 'v'), generation: small, local: small });

test('of one object, exactly one of earlier, same and later holds, and later is transitive', () => {
  fc.assert(
    fc.property(revision, revision, revision, (one, two, three) => {
      const [a, b, c] = [one, two, three].map((each) => ({ ...each, uid: 'u' })) as [Revision, Revision, Revision];
      assert.is([isLater(a, b), sameRevision(a, b), isLater(b, a)].filter(Boolean).length, 1);
      if (isLater(a, b) && isLater(b, c)) assert.ok(isLater(a, c));
    }),
    { numRuns: 1_000 },
  );
});

test('an object made anew is later whatever its numbers, and any revision is later than none', () => {
  fc.assert(
    fc.property(revision, revision, (a, b) => {
      assert.ok(isLater(a, undefined));
      if (a.uid !== b.uid) assert.ok(isLater(a, b) && isLater(b, a) && !sameRevision(a, b));
    }),
  );
});

test.run();
