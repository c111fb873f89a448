import assert from 'node:assert/strict';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import {
  ALARMS_DIR,
  ALARMS_OPEN_MAX,
  AlarmBook,
  acknowledgeAlarms,
  listAlarms,
  readAlarm,
} from '../../../agent/deliver/alarms.ts';
import { createDelivery, type Delivery } from '../../../agent/deliver/delivery.ts';
import { createLog } from '../../../agent/log.ts';
import { fromBase64, utf8 } from '../../../shared/bytes.ts';
import { openCheckpoint } from '../../../shared/evidence/checkpoint.ts';
import { openDocument } from '../../../shared/evidence/document-reading.ts';
import { verifyConsistency } from '../../../shared/evidence/merkle.ts';
import type { AgentEvent } from '../../../shared/measure/batch.ts';
import {
  crypto,
  freshlyEnrolled,
  identityFor,
  sealNext,
  temporaryDir,
} from '../../support/agent-kit.ts';
import { StandInCollector } from '../../support/stand-in-collector.ts';

interface Kit {
  readonly collector: StandInCollector;
  readonly state_dir: string;
  readonly events: Omit<AgentEvent, 'mono_ms'>[];
  delivery: Delivery;
  /** A process that ends and starts again on the same folder. */
  restart(): void;
}

async function kit(t: TestContext, batches: number): Promise<Kit> {
  const collector = new StandInCollector();
  const url = await collector.listen();
  t.after(() => collector.close());
  const state_dir = temporaryDir(t);
  freshlyEnrolled(state_dir);
  const events: Omit<AgentEvent, 'mono_ms'>[] = [];
  const start = (): Delivery => {
    const wanted = { collectors: [url], insecure: false, proxy: undefined, state_dir };
    const config = { ...wanted, spool: { bytes_max: 64 * 1024 * 1024 } };
    return createDelivery(
      config,
      () => identityFor(collector),
      { crypto, log: createLog('silent') },
      {
        ...{ monotonic_ms: () => performance.now(), wall_ms: () => Date.now() },
        ...{ utc_ms: () => 1_790_000_000_000, random: () => 0.5 },
        event: (event) => events.push(event),
        ...{ tell: () => undefined, onTime: () => undefined },
        ...{ onListVersion: () => undefined, onDelivered: () => undefined },
      },
    );
  };
  const made: Kit = {
    ...{ collector, state_dir, events, delivery: start() },
    restart() {
      made.delivery.spool.close();
      made.delivery = start();
    },
  };
  t.after(async () => {
    made.delivery.spool.close();
    await made.delivery.http.close();
  });
  for (let at = 0; at < batches; at++) await deliverOne(made);
  await made.delivery.proofs.prove();
  return made;
}

async function deliverOne({ delivery }: Kit): Promise<void> {
  delivery.spool.put(sealNext(delivery.spool.head));
  for (let at = 0; at < 10 && delivery.spool.waiting > 0; at++) await delivery.deliverer.step();
  assert.equal(delivery.spool.waiting, 0);
}

/** Alters a leaf that the agent has seen the head over. */
function rewrite({ collector }: Kit): void {
  collector.append({ kind: 'note', site: 'hq', agent: null, epoch: 0, seq: 0 }, new Uint8Array(32));
  collector.leaves[1] = utf8('not what was there');
}

test('a log that contradicts what was seen is kept with both notes, told once, never forgotten', async (t) => {
  const k = await kit(t, 4);
  const { note: before } = k.delivery.proofs.seen;
  rewrite(k);
  await assert.rejects(() => k.delivery.proofs.prove(), { code: 'HISTORY_REWRITTEN' });
  assert.deepEqual(k.events, [{ code: 'history_lost', value: 0 }]);
  assert.equal(k.delivery.proofs.forHeader().checkpoint, before, 'the next header shows it');
  const [kept, ...more] = listAlarms(k.state_dir);
  assert.ok(kept !== undefined && more.length === 0);
  const found = readAlarm(kept);
  const { origin, log } = k.collector;
  const [a, b] = [found.seen, found.shown ?? ''].map((note) =>
    openCheckpoint(crypto, note, origin, log.publicKey),
  );
  assert.ok(a !== undefined && b !== undefined && b.size > a.size);
  const proof = found.consistency.map(fromBase64);
  assert.equal(verifyConsistency(crypto, a.size, a.root, b.size, b.root, proof), false);
  assert.equal(statSync(kept.file).mode & 0o777, 0o600);
  // The same pair again is no news; a restart forgets nothing.
  await assert.rejects(() => k.delivery.proofs.prove(), { code: 'HISTORY_REWRITTEN' });
  assert.equal(k.events.length, 1);
  k.restart();
  assert.equal(k.delivery.alarms.count, 1);
  assert.deepEqual(acknowledgeAlarms(k.state_dir), [
    kept.file.replace('.json', '.acknowledged.json'),
  ]);
  assert.equal(k.delivery.alarms.count, 0);
  assert.equal(readAlarm(listAlarms(k.state_dir)[0] ?? kept).seen, before, 'the proof stays');
  // Another checkpoint of the altered log is another proof.
  k.collector.append(
    { kind: 'note', site: 'hq', agent: null, epoch: 0, seq: 0 },
    new Uint8Array(32),
  );
  await assert.rejects(() => k.delivery.proofs.prove(), { code: 'HISTORY_REWRITTEN' });
  assert.equal(k.delivery.alarms.count, 1);
  assert.equal(k.events.length, 2);
});

test('another root at the same size is a contradiction, a smaller log is a loss', async (t) => {
  const k = await kit(t, 3);
  k.collector.leaves[1] = utf8('not what was there');
  await assert.rejects(() => k.delivery.proofs.prove(), { code: 'HISTORY_REWRITTEN' });
  const other = await kit(t, 3);
  other.collector.leaves.length = 3;
  other.delivery.spool.rewind(3);
  await assert.rejects(() => other.delivery.proofs.prove(), { code: 'HISTORY_LOST' });
  assert.deepEqual(other.events, [{ code: 'history_lost', value: 4 }]);
  assert.equal(other.delivery.alarms.count, 0);
});

test('a new log that stands on what was seen is followed without a word', async (t) => {
  const k = await kit(t, 3);
  k.collector.append(
    { kind: 'note', site: 'hq', agent: null, epoch: 0, seq: 0 },
    new Uint8Array(32),
  );
  k.collector.openNext('test/lanproof/log2', 5);
  await deliverOne(k);
  await k.delivery.proofs.prove();
  assert.equal(k.delivery.proofs.seen.origin, 'test/lanproof/log2');
  assert.deepEqual(k.events, []);
});

test('a new log on a rewritten history is not followed before a person acknowledged it', async (t) => {
  const k = await kit(t, 3);
  rewrite(k);
  k.collector.openNext('test/lanproof/log2', 5);
  await deliverOne(k);
  await assert.rejects(() => k.delivery.proofs.prove(), { code: 'HISTORY_REWRITTEN' });
  assert.equal(k.delivery.proofs.seen.origin, 'test/lanproof/log1');
  const [kept] = listAlarms(k.state_dir);
  assert.ok(kept !== undefined);
  const { log_open, shown } = readAlarm(kept);
  assert.ok(log_open !== null && shown === null);
  const opened = openDocument(crypto, log_open, 'log-open', k.collector.document.publicKey);
  assert.deepEqual([opened.log, opened.previous?.size], ['test/lanproof/log2', 5]);
  k.restart();
  await assert.rejects(() => k.delivery.proofs.prove(), { code: 'HISTORY_REWRITTEN' });
  acknowledgeAlarms(k.state_dir);
  await k.delivery.proofs.prove();
  assert.equal(k.delivery.proofs.seen.origin, 'test/lanproof/log2');
});

test('a log-open that names the lost head declares a loss', async (t) => {
  const k = await kit(t, 3);
  rewrite(k);
  k.collector.openNext('test/lanproof/log2', 5, 'agent_saw_newer: test/lanproof/log1 4 x');
  await deliverOne(k);
  await k.delivery.proofs.prove();
  assert.equal(k.delivery.proofs.seen.origin, 'test/lanproof/log2');
  assert.deepEqual(k.events, [{ code: 'history_lost', value: 4 }]);
  assert.equal(k.delivery.alarms.count, 0);
});

test('an alarm that the disk refuses is kept in memory and written later', (t) => {
  const state_dir = temporaryDir(t);
  const book = new AlarmBook(state_dir);
  const found = {
    v: 1 as const,
    ...{ at_ms: 1, log: 'x', message: 'm', seen: 'a', shown: 'b' },
    ...{ log_open: null, consistency: [] },
  };
  const folder = join(state_dir, ALARMS_DIR);
  writeFileSync(folder, 'a file in its place');
  assert.equal(book.raise(found), 'new');
  assert.equal(book.count, 1);
  rmSync(folder);
  assert.equal(book.raise(found), 'open');
  assert.equal(book.count, 1);
  const [kept] = listAlarms(state_dir);
  assert.ok(kept !== undefined);
  assert.deepEqual(readAlarm(kept), found);
});

test('so many open contradictions are kept, and a new one where a person acknowledged', (t) => {
  const state_dir = temporaryDir(t);
  const book = new AlarmBook(state_dir);
  const place = { v: 1, at_ms: 1, log: 'l', message: 'm', shown: 'x' } as const;
  const raise = (seen: number) =>
    book.raise({ ...place, seen: String(seen), log_open: null, consistency: [] });
  for (let at = 1; at <= ALARMS_OPEN_MAX; at++) assert.equal(raise(at), 'new');
  assert.equal(raise(ALARMS_OPEN_MAX + 1), 'open', 'one more proves nothing more');
  assert.equal(listAlarms(state_dir).length, ALARMS_OPEN_MAX);
  assert.equal(book.count, ALARMS_OPEN_MAX);
  acknowledgeAlarms(state_dir);
  assert.equal(raise(ALARMS_OPEN_MAX + 1), 'new');
  assert.equal(raise(1), 'acknowledged');
  assert.equal(book.count, 1);
});
