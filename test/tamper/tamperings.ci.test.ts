import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { equalBytes } from '../../shared/bytes.ts';
import type { FindingCode } from '../../shared/evidence/verify/codes.ts';
import { START_MS } from '../collector/harness.ts';
import { missingOpenssl } from '../support/time-authority.ts';
import { findings, told, verified } from '../support/verify-kit.ts';
import { agrees, heldBy, seenBy, strange } from './auditors.ts';
import { reopen, setPolicy } from './edits.ts';
import { writeWorld } from './forger.ts';
import { loseLogKey } from './lost-key.ts';
import { type Office, openOffice, openTwoDays } from './office.ts';
import { AUDITORS, type Auditor, createScene, type Tampering } from './tampering.ts';
import { TAMPERINGS } from './tamperings.ts';
import { drop, itemsOf, readWorld } from './world.ts';

const HOUR_MS = 3_600_000;
const MIDNIGHT_MS = START_MS + 16 * HOUR_MS;
/** Half of the anchors are time-stamps: without them most tamperings are others. */
const skip = missingOpenssl();

interface Untouched {
  readonly office: Office;
  readonly bytes: Uint8Array;
  /** What each auditor sees in it. */
  readonly usual: ReadonlyMap<Auditor, ReadonlyMap<FindingCode, number>>;
}

const untouched = new Map<NonNullable<Tampering['bundle']>, Untouched>();
let hours: Office;
let days: Office;

before(async () => {
  hours = await openOffice();
  days = await openTwoDays();
  const three = { from_ms: START_MS, to_ms: START_MS + 3 * HOUR_MS };
  const night = { from_ms: MIDNIGHT_MS, to_ms: MIDNIGHT_MS + 2 * HOUR_MS };
  await keep('hours', hours, hours.bundle);
  await keep('masked', hours, await hours.build(three, true));
  const lost = await loseLogKey(hours);
  await keep('lost', lost, lost.bundle);
  await keep('days', days, days.bundle);
  await keep('carried', days, await days.build(night));
});

after(async () => {
  await hours.close();
  await days.close();
});

async function keep(
  name: NonNullable<Tampering['bundle']>,
  office: Office,
  bytes: Uint8Array,
): Promise<void> {
  const usual = new Map<Auditor, Map<FindingCode, number>>();
  for (const auditor of AUDITORS) usual.set(auditor, await seenBy(auditor, office, bytes));
  untouched.set(name, { office, bytes, usual });
}

function of(name: Tampering['bundle']): Untouched {
  const found = untouched.get(name ?? 'hours');
  assert.ok(found !== undefined);
  return found;
}

test('untouched bundles fail for no auditor, whatever is held', async () => {
  for (const [name, { office, bytes }] of untouched) {
    for (const auditor of AUDITORS) {
      const verdict = await verified(bytes, await heldBy(auditor, office));
      assert.notEqual(verdict.outcome, 'fail', `${name} ${auditor} ${told(verdict).join('\n')}`);
    }
  }
  const carried = await verified(of('carried').bytes);
  assert.notEqual(carried.carried_in, null);
  assert.equal((await verified(of('days').bytes)).carried_in, null);
});

test('a forger who changes nothing writes the same bytes: the forgeries are as good', async () => {
  for (const name of ['hours', 'days', 'lost'] as const) {
    const { office, bytes } = of(name);
    for (const withAgent of [false, true]) {
      const forged = await createScene(office, bytes).forged(() => {}, withAgent);
      assert.ok(equalBytes(forged, bytes), `${name}, agent ${withAgent}`);
    }
  }
});

test('a second log that names the first one’s head is no tampering', { skip }, async () => {
  const { office, bytes } = of('hours');
  const world = await readWorld(bytes);
  // The last anchors: the first of them vouches for exactly what then is the first log.
  const [, , at, last] = itemsOf(world, 'anchor');
  assert.ok(at !== undefined);
  if (last !== undefined) drop(world, last);
  reopen(world, at, { reason: 'restore' });
  setPolicy(world, null);
  const verdict = await verified(await writeWorld(world, { ...office.keys, agent: null }));
  assert.notEqual(verdict.outcome, 'fail', told(verdict).join('\n'));
  assert.equal(findings(verdict, 'LOG_REOPENED').length, 1);
});

test('there are enough of them, each once, and every auditor is asked', () => {
  assert.ok(TAMPERINGS.length >= 100, `${TAMPERINGS.length}`);
  assert.equal(new Set(TAMPERINGS.map(({ what }) => what)).size, TAMPERINGS.length);
});

for (const { what, keys, bundle, make, named } of TAMPERINGS) {
  const by = keys.length === 0 ? 'no key' : keys.join(', ');
  test(`${what} (${by})`, { skip }, async () => {
    const { office, bytes, usual } = of(bundle);
    const made = await make(createScene(office, bytes));
    const [tampered, told_to] =
      made instanceof Uint8Array ? [made, office] : [made.bytes, made.office];
    assert.equal(equalBytes(tampered, bytes), false, 'nothing was changed');
    // What is named without anything in hand is asked again of who holds most.
    const plain = typeof named === 'string' && named !== 'unseen';
    for (const auditor of plain ? (['nothing', 'witness'] as const) : AUDITORS) {
      const seen = await seenBy(auditor, told_to, tampered);
      const found = strange(seen, usual.get(auditor) ?? new Map());
      const wanted = typeof named === 'string' ? named : named[auditor];
      assert.ok(agrees(wanted, found), `${auditor}: ${wanted}, but found ${found.join(' ')}`);
    }
  });
}
