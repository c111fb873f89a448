import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { createAgentApi } from '../../agent/deliver/api.ts';
import { BACKOFF_MS_MAX } from '../../agent/deliver/backoff.ts';
import { LOGS_MAX, PROOF_MS, ProofKeeper, RENEW_MS_MIN } from '../../agent/deliver/prove.ts';
import { REINTRODUCE_MS, Reintroducer } from '../../agent/deliver/reintroduce.ts';
import { Deliverer, REWINDS_MAX } from '../../agent/deliver.ts';
import { createCollectorHttp } from '../../agent/http.ts';
import type { Spool } from '../../agent/spool.ts';
import { utf8 } from '../../shared/bytes.ts';
import type { LanProofError } from '../../shared/errors.ts';
import { signCheckpoint } from '../../shared/evidence/checkpoint.ts';
import { documentType } from '../../shared/evidence/documents.ts';
import { type Envelope, parseEnvelope, signEnvelope } from '../../shared/evidence/dsse.ts';
import type { ClockSample } from '../../shared/measure/batch.ts';
import { testSigner } from '../fixtures/test-keys.ts';
import {
  crypto,
  freshlyEnrolled,
  identityFor,
  listOf,
  sealNext,
  spoolIn,
  temporaryDir,
} from '../support/agent-kit.ts';
import { refuse, StandInCollector } from '../support/stand-in-collector.ts';

interface Kit {
  readonly collector: StandInCollector;
  readonly spool: Spool;
  readonly deliverer: Deliverer;
  readonly proofs: ProofKeeper;
  readonly problems: LanProofError[];
  readonly lost: LanProofError[];
  readonly rewritten: LanProofError[];
  readonly lostSizes: number[];
  readonly logs: Envelope[];
  readonly samples: ClockSample[];
  clock_ms: number;
}

async function kit(t: TestContext): Promise<Kit> {
  const collector = new StandInCollector();
  const url = await collector.listen();
  t.after(() => collector.close());
  const identity = identityFor(collector);
  const dir = temporaryDir(t);
  freshlyEnrolled(dir);
  const spool = spoolIn(dir, identity.origin);
  const made = { clock_ms: 1_000 };
  const monotonic_ms = () => made.clock_ms;
  const http = createCollectorHttp({
    ...{ urls: [url], insecure: false, proxy: undefined, tls: undefined, monotonic_ms },
  });
  t.after(() => http.close());
  const problems: LanProofError[] = [];
  const lost: LanProofError[] = [];
  const rewritten: LanProofError[] = [];
  const lostSizes: number[] = [];
  const logs: Envelope[] = [];
  const samples: ClockSample[] = [];
  const api = createAgentApi(http, crypto, identity.signer);
  const onTime = (sample: ClockSample) => samples.push(sample);
  const proofs = new ProofKeeper({
    ...{ api, spool, identity, crypto, monotonic_ms, utc_ms: () => 0, onTime },
    onHistoryLost: (error, seen_size) => {
      lost.push(error);
      lostSizes.push(seen_size);
    },
    onRewritten: (error) => {
      rewritten.push(error);
      return 'new';
    },
    onLogs: (log_open) => logs.splice(0, logs.length, ...log_open),
  });
  const { enrol } = identity.enrolment;
  const list = listOf(3, []).list;
  const payload = utf8(JSON.stringify(list));
  const envelope = signEnvelope(collector.document, documentType('targets'), payload, crypto);
  const targets = () => ({ version: list.version, envelope });
  const reintroducer = new Reintroducer({ api, enrol, targets, monotonic_ms });
  collector.list_version = list.version;
  const deliverer = new Deliverer({
    reintroducer,
    ...{ http, spool, identity, crypto, proofs, monotonic_ms, utc_ms: () => 0, onTime },
    random: () => 0.5,
    onListVersion: () => undefined,
    onProblem: (error) => problems.push(error),
    onDelivered: () => undefined,
  });
  const told = { problems, lost, rewritten, lostSizes, logs, samples };
  return Object.assign(made, { collector, spool, deliverer, proofs, ...told });
}

async function drain(k: Kit): Promise<void> {
  for (let i = 0; i < 100 && k.spool.waiting > 0; i++) k.clock_ms += await k.deliverer.step();
  await k.deliverer.step();
}

test('batches arrive in order and count as delivered only after a checked proof', async (t) => {
  const k = await kit(t);
  for (let i = 0; i < 5; i++) k.spool.put(sealNext(k.spool.head));
  await k.deliverer.step();
  assert.deepEqual(k.spool.marks, { sent_to: 1, proven_to: 0 });
  await drain(k);
  assert.deepEqual(
    k.collector.headers.map(({ seq }) => seq),
    [1, 2, 3, 4, 5],
  );
  assert.ok(k.spool.marks.proven_to >= 1);
  await k.deliverer.proveNow();
  assert.equal(k.spool.marks.proven_to, 5);
  assert.equal(k.proofs.seen.size, 6);
  assert.deepEqual(k.problems, []);
  assert.ok(k.samples.every(({ source, sync }) => source === 'collector' && sync));
});

test('back-off grows, stays below its cap and begins anew after a success', async (t) => {
  const k = await kit(t);
  k.spool.put(sealNext(k.spool.head));
  const waits: number[] = [];
  for (let i = 0; i < 10; i++) k.collector.next.push(refuse(500, 'BROKEN'));
  for (let i = 0; i < 10; i++) {
    await k.deliverer.step();
    const wait_ms = await k.deliverer.step();
    waits.push(wait_ms);
    k.clock_ms += wait_ms;
  }
  assert.deepEqual(waits.slice(0, 4), [750, 1_500, 3_000, 6_000]);
  assert.ok(waits.every((ms) => ms <= BACKOFF_MS_MAX));
  assert.equal(k.problems.length, 1, 'one problem is told once');
  assert.equal(k.deliverer.problem, 'COLLECTOR_BUSY');
  await drain(k);
  assert.equal(k.deliverer.problem, '');
  assert.equal(k.spool.marks.sent_to, 1);
});

test('Retry-After is honoured as seconds and as a date', async (t) => {
  const k = await kit(t);
  k.spool.put(sealNext(k.spool.head));
  k.collector.next.push(refuse(503, 'LATER', { 'retry-after': '120' }));
  await k.deliverer.step();
  const seconds = await k.deliverer.step();
  assert.ok(seconds >= 120_000 && seconds < 122_000, `${seconds}`);
  k.clock_ms += seconds;
  const date = 'Mon, 23 Nov 2026 10:00:00 GMT';
  const later = 'Mon, 23 Nov 2026 10:05:00 GMT';
  k.collector.next.push(refuse(429, 'LATER', { date, 'retry-after': later }));
  await k.deliverer.step();
  const until_date = await k.deliverer.step();
  assert.ok(until_date >= 300_000 && until_date < 302_000, `${until_date}`);
});

test('409 rewinds to what the collector expects; what is gone becomes a signed hole', async (t) => {
  const k = await kit(t);
  const first = sealNext(k.spool.head);
  k.spool.put(first);
  for (let i = 0; i < 3; i++) k.spool.put(sealNext(k.spool.head));
  await drain(k);
  k.collector.restore(1, first.hash);
  k.spool.put(sealNext(k.spool.head));
  await drain(k);
  assert.equal(k.collector.expect, 6, 'batches 2 to 5 were sent again');
  k.collector.expect = 6;
  k.spool.put(sealNext(k.spool.head));
  const last = sealNext(k.spool.head);
  k.spool.put(last);
  k.spool.markSent(6);
  await drain(k);
  assert.equal(k.collector.expect, 8);
});

test('a repeated delivery is a success, another batch of the same number stops nothing', async (t) => {
  const k = await kit(t);
  k.spool.put(sealNext(k.spool.head));
  await drain(k);
  k.spool.rewind(1);
  await drain(k);
  assert.equal(k.spool.marks.sent_to, 1);
  assert.equal(k.collector.headers.length, 1);
  k.collector.next.push(refuse(409, 'CONFLICT'));
  k.spool.put(sealNext(k.spool.head));
  await drain(k);
  assert.equal(k.problems.at(-1)?.code, 'AGENT_CONFLICT');
  assert.equal(k.spool.marks.sent_to, 2);
});

test('a refused batch is told with its reason, tried again, and the queue goes on', async (t) => {
  const k = await kit(t);
  for (let i = 0; i < 2; i++) k.spool.put(sealNext(k.spool.head));
  k.collector.next.push(refuse(401, 'unknown_agent'), refuse(422, 'SECTION_HASH'));
  k.collector.nextReintroduction.push(refuse(404, 'SITE_UNKNOWN'));
  await drain(k);
  assert.deepEqual(
    k.problems.map(({ code }) => code),
    ['AGENT_UNKNOWN', 'BATCH_REFUSED'],
  );
  assert.match(k.problems[0]?.message ?? '', /SITE_UNKNOWN/, 'it says why');
  assert.match(k.problems[1]?.message ?? '', /SECTION_HASH/);
  assert.equal(k.spool.marks.sent_to, 2);
});

test('a restored collector that forgot the agent gets its documents and all batches', async (t) => {
  const k = await kit(t);
  for (let i = 0; i < 3; i++) k.spool.put(sealNext(k.spool.head));
  await drain(k);
  k.collector.known = false;
  k.spool.put(sealNext(k.spool.head));
  const { length } = k.collector.headers;
  await drain(k);
  assert.deepEqual(k.problems, []);
  assert.equal(k.collector.reintroduced.length, 1);
  assert.deepEqual(k.collector.reintroduced[0]?.enrol, parseEnvelope(k.collector.enrolDocument));
  assert.equal(k.collector.reintroduced[0]?.targets?.payloadType, documentType('targets'));
  assert.deepEqual(
    k.collector.headers.slice(length).map(({ seq }) => seq),
    [1, 2, 3, 4],
  );
  assert.deepEqual([k.collector.expect, k.spool.marks.sent_to], [5, 4]);
});

test('a refused reintroduction is asked again after minutes only, and told once', async (t) => {
  const k = await kit(t);
  k.collector.known = false;
  const refusals = Array.from({ length: 2 }, () => refuse(404, 'SITE_UNKNOWN'));
  k.collector.nextReintroduction.push(...refusals);
  k.spool.put(sealNext(k.spool.head));
  const from_ms = k.clock_ms;
  await k.deliverer.step();
  while (k.clock_ms < from_ms + REINTRODUCE_MS - 1) {
    const wait_ms = await k.deliverer.step();
    k.clock_ms = Math.min(from_ms + REINTRODUCE_MS - 1, k.clock_ms + wait_ms);
  }
  await k.deliverer.step();
  assert.equal(k.collector.reintroduced.length, 1);
  assert.deepEqual(
    k.problems.map(({ code }) => code),
    ['AGENT_UNKNOWN'],
  );
  assert.equal(k.deliverer.problem, 'AGENT_UNKNOWN');
  await drain(k);
  assert.equal(k.collector.reintroduced.length, 3);
  assert.equal(k.spool.marks.sent_to, 1);
  assert.equal(k.deliverer.problem, '');
});

test('a collector that was busy is asked again as soon as it wants', async (t) => {
  const k = await kit(t);
  k.collector.known = false;
  k.collector.nextReintroduction.push(
    refuse(503, 'STOPPING', { 'retry-after': '20' }),
    refuse(429, 'RATE', { 'retry-after': '30' }),
    refuse(401, 'NONCE_INVALID'),
  );
  k.spool.put(sealNext(k.spool.head));
  const from_ms = k.clock_ms;
  await drain(k);
  assert.equal(k.spool.marks.sent_to, 1);
  assert.equal(k.collector.reintroduced.length, 4);
  const past_ms = k.clock_ms - from_ms;
  assert.ok(past_ms >= 50_000 && past_ms < 70_000, `${past_ms}`);
  // The list that it lost is shown at once, however shortly before the agent was unknown.
  k.collector.list_version = 2;
  k.spool.put(sealNext(k.spool.head));
  await drain(k);
  assert.equal(k.collector.reintroduced.length, 5);
});

test('a collector that keeps asking for another batch is given time', async (t) => {
  const k = await kit(t);
  for (let i = 0; i < 2; i++) k.spool.put(sealNext(k.spool.head));
  await drain(k);
  k.spool.put(sealNext(k.spool.head));
  const again = { ...refuse(409, 'EXPECT') };
  Object.assign(again.body as object, { expect: { epoch: 1, seq: 1 } });
  for (let i = 0; i <= REWINDS_MAX; i++) k.collector.next.push(again);
  for (let i = 0; i < REWINDS_MAX; i++) assert.equal(await k.deliverer.step(), 0);
  assert.equal(k.deliverer.problem, '');
  await k.deliverer.step();
  assert.equal(k.deliverer.problem, 'DELIVERY_LOOP');
  assert.ok((await k.deliverer.step()) > 0, 'it slows down');
  await drain(k);
  assert.equal(k.deliverer.problem, '');
  assert.equal(k.spool.marks.sent_to, 3);
});

test('a proof is due each hour; where the collector asks for one, a minute after the last', async (t) => {
  const k = await kit(t);
  k.spool.put(sealNext(k.spool.head));
  await drain(k);
  await k.proofs.prove();
  const proven_ms = k.clock_ms;
  const dueAfter = (ms: number): boolean => {
    k.clock_ms = proven_ms + ms;
    return k.proofs.due(1);
  };
  assert.deepEqual([PROOF_MS - 1, PROOF_MS].map(dueAfter), [false, true]);
  k.proofs.note(k.collector.checkpoint(), false);
  assert.equal(dueAfter(RENEW_MS_MIN), false, 'nobody asked');
  k.proofs.note(k.collector.checkpoint(), true);
  assert.deepEqual([RENEW_MS_MIN - 1, RENEW_MS_MIN].map(dueAfter), [false, true]);
});

test('of more logs than are read from one answer the newest are known', async (t) => {
  const k = await kit(t);
  for (let i = 0; i < 3; i++) k.spool.put(sealNext(k.spool.head));
  await drain(k);
  await k.proofs.prove();
  for (let log = 2; log <= LOGS_MAX + 1; log++) {
    k.collector.openNext(`test/lanproof/log${log}`, k.collector.leaves.length);
  }
  assert.equal(k.collector.logOpens.length, LOGS_MAX + 1);
  k.spool.put(sealNext(k.spool.head));
  await drain(k);
  await k.proofs.prove();
  assert.equal(k.proofs.seen.origin, `test/lanproof/log${LOGS_MAX + 1}`);
  assert.equal(k.logs.length, LOGS_MAX + 1);
});

test('a collector that knows an older list only is shown the newest one', async (t) => {
  const k = await kit(t);
  k.spool.put(sealNext(k.spool.head));
  await drain(k);
  assert.equal(k.collector.reintroduced.length, 0);
  k.collector.list_version = 2;
  for (let i = 0; i < 2; i++) k.spool.put(sealNext(k.spool.head));
  await drain(k);
  assert.equal(k.collector.reintroduced.length, 1);
  assert.deepEqual(k.problems, []);
  assert.equal(k.spool.marks.sent_to, 3);
});

test('forged inclusion, a shrunken log and a wrong key prove nothing', async (t) => {
  const k = await kit(t);
  for (let i = 0; i < 3; i++) k.spool.put(sealNext(k.spool.head));
  const flip = (text: string) => (text.startsWith('A') ? `B${text.slice(1)}` : `A${text.slice(1)}`);
  const truth = (answer: Record<string, unknown>) => answer;
  k.collector.proof = (answer) => ({
    ...answer,
    inclusion: (answer.inclusion as string[]).map(flip),
  });
  await drain(k);
  assert.equal(k.spool.marks.proven_to, 0);
  assert.equal(k.problems.at(-1)?.code, 'PROOF_FORGED');
  const stranger = testSigner('stranger');
  k.collector.proof = (answer) => ({ ...answer, checkpoint: k.collector.checkpoint(4, stranger) });
  await assert.rejects(() => k.proofs.prove(), { code: 'NOTE_SIGNATURE' });
  k.collector.proof = truth;
  await k.proofs.prove();
  assert.equal(k.spool.marks.proven_to, 3);
  assert.equal(k.proofs.seen.size, 4);
  k.collector.proof = (answer) => ({ ...answer, checkpoint: k.collector.checkpoint(2) });
  await assert.rejects(() => k.proofs.prove(), { code: 'HISTORY_LOST' });
  const root = new Uint8Array(32).fill(9);
  const origin = k.collector.origin;
  const rewritten = signCheckpoint(crypto, k.collector.log, { origin, size: 9, root });
  k.collector.proof = (answer) => ({ ...answer, checkpoint: rewritten });
  await assert.rejects(() => k.proofs.prove(), { code: 'HISTORY_REWRITTEN' });
  assert.deepEqual([k.lost.length, k.rewritten.length], [1, 1]);
  assert.equal(k.proofs.seen.size, 4, 'the old checkpoint stays');
});

test('a new log is followed although it is smaller, and no log is forgotten', async (t) => {
  const k = await kit(t);
  for (let i = 0; i < 5; i++) k.spool.put(sealNext(k.spool.head));
  await drain(k);
  await k.proofs.prove();
  assert.equal(k.proofs.seen.size, 6);
  k.collector.restore(3, k.spool.hashOf(3) ?? new Uint8Array());
  k.collector.openNext('test/lanproof/log2', 4);
  k.spool.put(sealNext(k.spool.head));
  await drain(k);
  assert.deepEqual([k.spool.marks.sent_to, k.collector.leaves.length], [6, 4]);
  // Even a collector that shows the new log only must not make an agent forget the old one.
  const first = k.collector.logOpens.shift() ?? '';
  await k.proofs.prove();
  assert.equal(k.spool.marks.proven_to, 6);
  assert.deepEqual([k.proofs.seen.origin, k.proofs.seen.size], ['test/lanproof/log2', 4]);
  assert.deepEqual(
    k.lost.map(({ code }) => code),
    ['HISTORY_LOST'],
  );
  assert.deepEqual(k.lostSizes, [6]);
  assert.equal(k.logs.length, 2);
  assert.deepEqual(k.logs[0], parseEnvelope(first));
});

test('a smaller head of the same log is lost history; the larger one is shown again', async (t) => {
  const k = await kit(t);
  for (let i = 0; i < 5; i++) k.spool.put(sealNext(k.spool.head));
  await drain(k);
  await k.proofs.prove();
  const { checkpoint } = k.proofs.forHeader();
  assert.equal(k.proofs.forHeader().checkpoint, undefined);
  k.collector.leaves.length = 5;
  k.spool.rewind(5);
  await assert.rejects(() => k.proofs.prove(), { code: 'HISTORY_LOST' });
  assert.equal(k.proofs.forHeader().checkpoint, checkpoint, 'the next header reports it');
});

test('the header carries the note itself only when it changed', async (t) => {
  const k = await kit(t);
  assert.ok(k.proofs.forHeader().checkpoint !== undefined);
  assert.equal(k.proofs.forHeader().checkpoint, undefined);
  k.spool.put(sealNext(k.spool.head));
  await drain(k);
  await k.proofs.prove();
  const seen = k.proofs.forHeader();
  assert.equal(seen.size, 2);
  assert.equal(seen.checkpoint, k.collector.checkpoint());
});

test('an unreachable collector is told once and tried again', async (t) => {
  const k = await kit(t);
  k.spool.put(sealNext(k.spool.head));
  await k.collector.close();
  for (let i = 0; i < 4; i++) k.clock_ms += await k.deliverer.step();
  assert.deepEqual(
    k.problems.map(({ code }) => code),
    ['COLLECTOR_UNREACHABLE'],
  );
  assert.equal(k.spool.waiting, 1);
});
