import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runMutations, seedOf } from './mutations.ts';
import { type Office, openMinutes } from './office.ts';

/** With those of mutations.ci.test.ts 2,000 in all. */
const RUNS = 800;
const seed = seedOf(process.env.LANPROOF_SEED);
let office: Office;

before(async () => {
  office = await openMinutes();
});
after(() => office.close());

test(`no altered file that is signed again changes what is said (seed ${seed})`, async () => {
  const { failed } = await runMutations(office, 'signed', RUNS, seed);
  // Readme and programs are no evidence: what stands in them changes nothing that is said.
  assert.ok(failed > RUNS / 2 && failed < RUNS, `${failed} of ${RUNS} failed`);
});
