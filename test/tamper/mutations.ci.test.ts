import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runMutations, seedOf } from './mutations.ts';
import { type Office, openMinutes } from './office.ts';

/** Of both ways here, and of the one in mutations-signed.ci.test.ts: 2,000 in all. */
const RUNS = 600;
const seed = seedOf(process.env.LANPROOF_SEED);
let office: Office;

before(async () => {
  office = await openMinutes();
});
after(() => office.close());

test(`any altered byte of the file fails (seed ${seed})`, async () => {
  const { failed } = await runMutations(office, 'raw', RUNS, seed);
  assert.equal(failed, RUNS, 'no byte of a zip is without meaning');
});

test(`any altered file fails while nobody signs it (seed ${seed})`, async () => {
  const { failed } = await runMutations(office, 'fixed', RUNS, seed);
  // Nobody believes the name of a key beside a signature: it alone may be altered.
  assert.ok(failed >= RUNS * 0.98, `${failed} of ${RUNS} failed`);
});
