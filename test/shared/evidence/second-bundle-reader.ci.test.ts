import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { concat, fromBase64, toBase64 } from '../../../shared/bytes.ts';
import { documentHash } from '../../../shared/evidence/documents.ts';
import { encodeVerifierKey } from '../../../shared/evidence/note.ts';
import { signRequest } from '../../../shared/evidence/request-auth.ts';
import { signRotate } from '../../../shared/evidence/rotations.ts';
import type { Span } from '../../../shared/judge/spans.ts';
import type { SlotRun } from '../../../shared/judge/types.ts';
import type { BatchHeader } from '../../../shared/measure/batch.ts';
import { parseTargetList } from '../../../shared/measure/target-list.ts';
import { createNodeCrypto, generateSigner } from '../../../shared/node/crypto.ts';
import {
  enrolTestAgent,
  type Harness,
  importSite,
  inventoryYaml,
  measure,
  openHarness,
  START_MS,
} from '../../collector/harness.ts';
import { secondReaderSkip } from '../../fixtures/second-reader.ts';
import { createTestAgent, type TestAgent } from '../../support/batches.ts';
import { newFolder, openLongOffice } from '../../support/bundle-kit.ts';
import { edit, editBatches, editLines, resign, takeApart } from '../../support/tamper.ts';
import { bundleOf } from '../../support/verify-kit.ts';

const SITE = 'socson-hq';
const MINUTE_MS = 60_000;
const skip = { skip: secondReaderSkip };
const crypto = createNodeCrypto();
const reader = fileURLToPath(new URL('../../second_reader/read_bundle.py', import.meta.url));

interface Told {
  readonly keys: string;
  readonly heads: readonly { readonly log: string; readonly size: number; readonly root: string }[];
  readonly checked: Readonly<Record<string, number>>;
  readonly slots: {
    readonly counts: Readonly<Record<string, number>>;
    readonly runs: readonly (Run & { readonly seq: number | null })[];
  };
}

function run(t: TestContext, zip: Uint8Array, more: readonly string[] = []) {
  const path = join(newFolder(t), 'a.zip');
  writeFileSync(path, zip);
  return spawnSync('python3', [reader, path, ...more], { encoding: 'utf8' });
}

function read(t: TestContext, zip: Uint8Array, more: readonly string[] = []): Told {
  const { status, stdout, stderr } = run(t, zip, more);
  assert.equal(status, 0, stdout + stderr);
  return JSON.parse(stdout);
}

function refused(
  t: TestContext,
  zip: Uint8Array,
  reason: RegExp,
  more: readonly string[] = [],
): void {
  const { status, stdout, stderr } = run(t, zip, more);
  assert.equal(status, 1, stdout + stderr);
  assert.match(stdout, /^MISMATCH /);
  assert.match(stdout, reason);
}

interface Run extends Pick<SlotRun, 'from_ms' | 'interval_ms' | 'slots' | 'agent'> {
  readonly code: string | null;
}

/** Slot by slot, `start:interval:agent:code`; a slot without a tick is `-`. */
function slotList(runs: readonly Run[]): string[] {
  return runs.flatMap(({ from_ms, interval_ms, slots, agent, code }) =>
    Array.from({ length: slots }, (_, at) => {
      return `${from_ms + at * interval_ms}:${interval_ms}:${agent}:${code ?? '-'}`;
    }),
  );
}

/** What the collector's own judge says of the same slots. */
async function ownSlots({ deps }: Harness, device: string, period: Span): Promise<SlotRun[]> {
  const { runs } = await deps.judge.slots(SITE, device, period.from_ms, period.to_ms);
  return [...runs];
}

let office: { readonly harness: Harness; readonly period: Span; readonly zip: Uint8Array };

/** The agent's clock sample, `ahead_ms` away from the true time. */
function clock(agent: TestAgent, ahead_ms: number, sync = true): BatchHeader['clock'] {
  const mono_ms = agent.at_ms - agent.start_ms + 1_000_000;
  return [{ mono_ms, wall_ms: agent.at_ms + ahead_ms, source: 'kernel', sync, error_ms: 5 }];
}

async function putInventory(harness: Harness, payload: string): Promise<void> {
  const admin = await harness.token('admin');
  const put = { method: 'PUT', url: `/api/v1/sites/${SITE}/inventory`, payload } as const;
  const headers = { 'content-type': 'application/yaml' };
  const answer = await harness.send({ ...put, headers }, admin);
  assert.equal(answer.status, 200, answer.text);
}

async function takeList(harness: Harness, agent: TestAgent): Promise<void> {
  const row = await harness.deps.store.targets(SITE, agent.agent);
  assert.ok(row !== null);
  const { payload } = JSON.parse(row.envelope);
  agent.list = parseTargetList(fromBase64(payload));
  agent.listHash = toBase64(row.hash);
}

/** The events of the batch that begins a run under a list. */
function applied(agent: TestAgent): BatchHeader['events'] {
  const mono_ms = agent.at_ms - agent.start_ms + 1_000_000;
  const value = agent.list.version;
  return [{ code: 'list_applied', mono_ms, value, utc_ms: agent.at_ms }];
}

/** What can go wrong between ticks and slots: codes, clocks, a hole, a sleep, another list. */
async function openEventfulOffice() {
  const harness = await openHarness();
  await importSite(harness, SITE, 'xa-soc-son');
  const agent = await enrolTestAgent(harness, SITE);
  // Another site's leaves stand between: of them the bundle has hashes only.
  await importSite(harness, 'donganh-hq', 'xa-dong-anh');
  const other = await enrolTestAgent(harness, 'donganh-hq');
  const minutes = (count: number, header?: Partial<BatchHeader>, codes = {}) =>
    measure(harness, agent, count, { header, codes });
  await minutes(3, undefined, { 0: 'r10n3r20x2l5a1r19', 1: 'n1r59' });
  const { origin: log, size, note } = harness.deps.ledger.checkpoint();
  await minutes(1, { seen: { log, size, checkpoint: note } });
  await measure(harness, other, 3);
  // The clock creeps back and forth: ticks share slots, and leave some out.
  await minutes(1, { clock: clock(agent, 700) });
  await minutes(1, { clock: clock(agent, -200) });
  await minutes(1, { clock: clock(agent, 100) });
  // A sample too far away belongs to the next run.
  await minutes(1, { clock: clock(agent, 5_000) }, { 0: 'r20n5r35' });
  await harness.deps.ingest.submitHole(agent.hole(2), { insecure: false });
  agent.skip(2 * MINUTE_MS);
  await minutes(2);
  // A run whose clock lies in the hole: that time was closed.
  await minutes(1, { run: 'run-1b', clock: clock(agent, -3 * MINUTE_MS) }, { 0: 'n60' });
  const start = [{ code: 'start', mono_ms: agent.at_ms - agent.start_ms + 1_000_000 }] as const;
  const wrong = { run: 'run-2', events: [...start], clock: clock(agent, -86_400_000, false) };
  await minutes(2, wrong, { 0: 'n60' });
  await minutes(1, { run: 'run-2', events: [], clock: clock(agent, 50) });
  const mono_ms = agent.at_ms - agent.start_ms + 1_000_000;
  const slept = [{ code: 'suspend', mono_ms, value: 1_000 }] as const;
  const asleep = { run: 'run-2b', clock: clock(agent, 0, false) };
  await minutes(1, { ...asleep, events: [...start] }, { 0: 'n60' });
  await minutes(1, { ...asleep, events: [...slept] }, { 0: 'n60' });
  await minutes(1, { run: 'run-2b', events: [], clock: clock(agent, 0) });
  await minutes(1, { run: 'run-3', events: [...start], clock: clock(agent, 90_000) });
  await minutes(4, { run: 'run-4', events: [...start], clock: clock(agent, 0) }, { 0: 'n30r30' });
  // Another boot, of which nobody ever knows the time.
  const lost = { boot: 'boot-2', run: 'run-5', clock: clock(agent, 0, false) };
  await minutes(2, { ...lost, events: [...start] });
  await minutes(1, { boot: 'boot-3', run: 'run-6', events: [...start] });
  const yaml = inventoryYaml(SITE, 'xa-soc-son')
    .replace('kind: printer,', 'kind: printer, probes: { icmp: { interval_s: 1 } },')
    .replace(/^.*code: pc-2.*\n/m, '');
  await putInventory(harness, yaml);
  await takeList(harness, agent);
  await minutes(1, { boot: 'boot-3', run: 'run-6', events: applied(agent) });
  await minutes(4, { boot: 'boot-3', run: 'run-6' });
  const last = harness.deps.ledger.checkpoint();
  const seen = { log, size: last.size, checkpoint: last.note };
  await minutes(1, { boot: 'boot-3', run: 'run-6', seen });
  await minutes(3, { boot: 'boot-3', run: 'run-6' });
  return { harness, period: { from_ms: START_MS, to_ms: agent.at_ms } };
}

before(async () => {
  const opened = await openEventfulOffice();
  office = { ...opened, zip: await bundleOf(opened.harness, SITE, opened.period) };
});
after(() => office.harness.close());

test('a switch, the gateway, a printer and a computer have the same slots', skip, async (t) => {
  const { harness, period, zip } = office;
  for (const device of ['gw', 'sw-core', 'may-in', 'pc-1']) {
    const told = read(t, zip, ['--device', device]);
    const own = await ownSlots(harness, device, period);
    assert.deepEqual(slotList(told.slots.runs), slotList(own), device);
    if (device === 'gw') {
      assert.deepEqual(Object.keys(told.slots.counts).sort(), ['-', 'a', 'l', 'n', 'r', 'x']);
    }
    const begins = new Map(told.slots.runs.map(({ from_ms, seq }) => [from_ms, seq]));
    for (const { from_ms, seq } of own) {
      if (begins.has(from_ms)) assert.equal(begins.get(from_ms), seq, `${device} ${from_ms}`);
    }
  }
});

test('chain, inclusion, consistency and heads agree', skip, async (t) => {
  const { harness, zip } = office;
  const { origin, size } = harness.deps.ledger.checkpoint();
  const key = encodeVerifierKey(crypto, { name: origin, publicKey: harness.deps.log_key });
  const { keys, heads, checked } = read(t, zip, ['--key', key, '--every']);
  assert.equal(keys, 'compared');
  assert.deepEqual(
    heads.map((head) => [head.log, head.size]),
    [[origin, size]],
  );
  const lines = (parts: Map<string, Uint8Array>, name: string): string[] =>
    new TextDecoder().decode(parts.get(name)).trimEnd().split('\n').slice(1);
  const parts = await takeApart(zip);
  const leaves = lines(parts, 'logs/1/leaves.txt');
  const batches = leaves.filter((line) => line.includes(' batch '));
  assert.equal(checked.batches, batches.length);
  assert.equal(checked.signatures, batches.length);
  assert.equal(checked.holes, 1);
  assert.equal(checked.seen, 2);
  assert.equal(checked.inclusion, leaves.length);
  assert.equal(checked.consistency, lines(parts, 'logs/1/consistency.txt').length);
  assert.equal(checked.consistency_unused, 0);
  assert.equal(checked.unreadable, 0);
  const other = encodeVerifierKey(crypto, {
    name: origin,
    publicKey: harness.deps.document_key.publicKey,
  });
  assert.match(run(t, zip, ['--key', other]).stdout, /^MISMATCH .*another one/);
});

test('a masked bundle has no slots of computers and all of the others', skip, async (t) => {
  const { harness, period } = office;
  const zip = await bundleOf(harness, SITE, period, true);
  const told = read(t, zip, ['--device', 'pc-1']);
  assert.deepEqual(Object.keys(told.slots.counts), ['-']);
  assert.ok((told.checked.withheld_sections ?? 0) > 0);
  const { runs } = read(t, zip, ['--device', 'gw']).slots;
  assert.deepEqual(slotList(runs), slotList(await ownSlots(harness, 'gw', period)));
});

test('of two agents that have a printer the later one counts', skip, async (t) => {
  const harness = await openHarness();
  t.after(() => harness.close());
  const owned = (owner: string): string =>
    inventoryYaml(SITE, 'xa-soc-son')
      .replace('agents: [', 'agents: [{ code: do-2, attached: { device: gw, port: "2" } }, ')
      .replace('kind: printer,', `kind: printer, agent: ${owner},`)
      .replace(/kind: (gateway|switch|pc),/g, 'kind: $1, agent: do-1,');
  await putInventory(harness, owned('do-1'));
  const agents = [await enrolTestAgent(harness, SITE), await enrolTestAgent(harness, SITE)];
  const [one, two] = ['do-1', 'do-2'].map((code) => agents.find(({ agent }) => agent === code));
  assert.ok(one !== undefined && two !== undefined);
  await measure(harness, one, 3);
  await putInventory(harness, owned('do-2'));
  await takeList(harness, two);
  two.skip(3 * MINUTE_MS);
  await measure(harness, two, 1, { header: { events: applied(two) } });
  await measure(harness, two, 2);
  // The other one was never told that the printer is no longer its own.
  await measure(harness, one, 3);
  const period = { from_ms: START_MS, to_ms: one.at_ms };
  const zip = await bundleOf(harness, SITE, period);
  const { slots, checked } = read(t, zip, ['--device', 'may-in']);
  const own = await ownSlots(harness, 'may-in', period);
  assert.deepEqual(slotList(slots.runs), slotList(own));
  assert.deepEqual(
    own.map(({ agent, slots }) => [agent, slots]),
    [
      ['do-1', 36],
      ['do-2', 36],
    ],
  );
  assert.equal(checked.batches, 9);
});

async function newKey(harness: Harness, agent: TestAgent): Promise<void> {
  const { signer } = generateSigner();
  const rotate = signRotate(crypto, agent.signer, signer, {
    ...{ v: 1, site: SITE, agent: agent.agent, epoch: agent.epoch, after_seq: agent.seq },
    old_key: toBase64(agent.signer.publicKey),
    new_key: toBase64(signer.publicKey),
    at_ms: agent.at_ms,
  });
  const url = '/api/v1/agents/self/rotate';
  const { nonce } = (await harness.get('/api/v1/agents/nonce')).body;
  const authorization = signRequest(crypto, signer, 'POST', url, nonce);
  const headers = { authorization };
  const answer = await harness.send({ method: 'POST', url, headers, payload: { rotate } });
  assert.equal(answer.status, 200, answer.text);
  agent.signer = signer;
}

/** A second life of the agent's chain, ten minutes later. */
async function enrolAgain(harness: Harness, former: TestAgent): Promise<TestAgent> {
  const admin = await harness.token('admin');
  const url = `/api/v1/sites/${SITE}/enrol-tokens`;
  const wanted = { agent: former.agent, approve: true };
  const made = await harness.send({ method: 'POST', url, payload: wanted }, admin);
  const start_ms = former.at_ms + 10 * MINUTE_MS;
  harness.clock.now_ms = start_ms;
  const agent = createTestAgent({ site: SITE, agent: former.agent, start_ms, epoch: 2 });
  const public_key = toBase64(agent.signer.publicKey);
  const payload = { token: made.body.token, public_key, software: '0.1.0' };
  const answer = await harness.send({ method: 'POST', url: '/api/v1/agents/enrol', payload });
  assert.equal(answer.status, 200, answer.text);
  agent.prev = documentHash(crypto, answer.body.enrol);
  agent.origin = former.origin;
  agent.list = former.list;
  agent.listHash = former.listHash;
  return agent;
}

test('over a new key, a revocation that reaches back and a new epoch', skip, async (t) => {
  const harness = await openHarness();
  t.after(() => harness.close());
  await importSite(harness, SITE, 'xa-soc-son');
  const agent = await enrolTestAgent(harness, SITE);
  await measure(harness, agent, 3);
  await newKey(harness, agent);
  await measure(harness, agent, 3);
  const from_leaf = (await harness.deps.store.batch(SITE, agent.agent, 1, 6))?.leaf ?? 0;
  const admin = await harness.token('admin');
  const url = `/api/v1/sites/${SITE}/agents/${agent.agent}/revoke`;
  const payload = { reason: 'mất máy', from_leaf };
  const revoked = await harness.send({ method: 'POST', url, payload }, admin);
  assert.equal(revoked.status, 200, revoked.text);
  const renewed = await enrolAgain(harness, agent);
  await measure(harness, renewed, 3);
  const period = { from_ms: START_MS, to_ms: renewed.at_ms };
  const zip = await bundleOf(harness, SITE, period);
  const { slots, checked } = read(t, zip, ['--device', 'gw', '--every']);
  assert.deepEqual(slotList(slots.runs), slotList(await ownSlots(harness, 'gw', period)));
  const told = [checked.batches, checked.signatures, checked.epochs, checked.disowned];
  assert.deepEqual(told, [9, 9, 1, 1]);
});

test('a stretch from the middle of a long chain agrees', skip, async (t) => {
  const { harness, second_day, third_day } = await openLongOffice();
  t.after(() => harness.close());
  for (const period of [second_day, third_day]) {
    const zip = await bundleOf(harness, SITE, period);
    const { slots, checked } = read(t, zip, ['--device', 'sw-core']);
    assert.deepEqual(slotList(slots.runs), slotList(await ownSlots(harness, 'sw-core', period)));
    assert.ok((checked.batches ?? 0) > 10);
  }
});

test('one flipped byte anywhere is refused', skip, (t) => {
  const { zip } = office;
  for (const share of [0.02, 0.3, 0.55, 0.8, 0.97]) {
    const flipped = zip.slice();
    const at = Math.floor(zip.length * share);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    refused(t, flipped, /zip: CRC|zip: local header|zip: entry|zip: name/);
  }
});

test('what the collector changes and signs again is refused', skip, async (t) => {
  const { harness, zip } = office;
  const key = harness.deps.document_key;
  const changed = async (change: (parts: Map<string, Uint8Array>) => void): Promise<Uint8Array> => {
    const parts = await takeApart(zip);
    change(parts);
    return resign(parts, key);
  };
  assert.equal(run(t, await changed(() => {})).status, 0, 'signing again alone changes nothing');
  const flip = (data: Uint8Array | null | undefined, at: number): Uint8Array => {
    const copy = (data ?? new Uint8Array()).slice();
    copy[at] = (copy[at] ?? 0) ^ 1;
    return copy;
  };
  const base64 = (text: string, from: number): string => {
    const at = text.indexOf('=', from) - 20;
    return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
  };
  const batch = (at: number, change: 'header' | 'signature' | 'sections' | 'withheld' | 'gone') =>
    changed((parts) =>
      editBatches(parts, (batches) =>
        batches.flatMap((one, index) => {
          if (index !== at) return [one];
          if (change === 'gone') return [];
          if (change === 'withheld') return [{ ...one, sections: one.sections.map(() => null) }];
          if (change === 'sections') {
            return [{ ...one, sections: one.sections.map((part) => flip(part, 30)) }];
          }
          return [{ ...one, [change]: flip(one[change], 9) }];
        }),
      ),
    );
  refused(t, await batch(7, 'sections'), /hash of infra/);
  refused(t, await batch(7, 'withheld'), /infra is withheld/);
  refused(t, await batch(7, 'header'), /hash of the leaf/);
  refused(t, await batch(0, 'signature'), /signature of batch/, ['--every']);
  refused(t, await batch(7, 'gone'), /hash of the leaf/);
  const lines = (name: string, change: (lines: string[]) => string[]) =>
    changed((parts) => editLines(parts, `logs/1/${name}.txt`, change));
  const bend = (at: number) => (all: string[]) =>
    all.map((line, index) => (index === at ? base64(line, 0) : line));
  const inclusion = (change: (hashes: Uint8Array) => Uint8Array) =>
    changed((parts) => {
      const name = 'logs/1/inclusion.bin';
      parts.set(name, change(parts.get(name) ?? new Uint8Array()));
    });
  refused(t, await inclusion((hashes) => flip(hashes, 40)), /inclusion of the listed leaves/);
  refused(t, await inclusion((hashes) => hashes.subarray(32)), /inclusion.bin is too short/);
  refused(t, await inclusion((hashes) => concat(hashes, new Uint8Array(32))), /too long/);
  const later = (all: string[]) => all.map((line, at) => (at === 9 ? `${line}1` : line));
  refused(t, await lines('leaves', later), /inclusion of the listed leaves/);
  refused(t, await lines('consistency', bend(0)), /does not continue/);
  refused(t, await lines('leaves', bend(9)), /inclusion of the listed leaves/);
  refused(t, await lines('leaves', bend(2)), /inclusion of the listed leaves/);
  refused(t, await lines('leaves', (all) => all.filter((_, at) => at !== 9)), /inclusion/);
  const text = (name: string, change: (text: string) => string) =>
    changed((parts) => edit(parts, name, change));
  refused(t, await text('logs/1/checkpoint.txt', (old) => base64(old, 0)), /signature/);
  refused(
    t,
    await text('documents.ndjson', (old) => old.replace(/"leaf":1,.*\n/, '')),
    /is missing|Expecting|order|members/,
  );
  refused(t, await text('logs/1/daily.txt', (old) => old.replace(/ \d+\n$/, ' 0\n')), /counts/);
  const third = await changed((parts) => {
    for (const [name, data] of [...parts]) {
      if (name.startsWith('logs/1/')) parts.set(name.replace('/1/', '/3/'), data);
    }
  });
  refused(t, third, /numbered from 1/);
});
