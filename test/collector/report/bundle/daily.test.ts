import assert from 'node:assert/strict';
import test from 'node:test';
import { dailyCounts } from '../../../../collector/report/bundle/daily.ts';
import type { EvidenceReads } from '../../../../collector/store/store-evidence.ts';
import { openCore, removeFolder } from '../../../support/collector-core.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
/** Far less than the log has: what is found must not hang on where reading pauses. */
const READ_MAX = 50;
const breathe = async (): Promise<void> => {};

/** Three days, a leaf in five minutes; before each midnight the clock runs ahead for an hour. */
function receiveTimes(): number[] {
  const begun_ms = Date.UTC(2026, 10, 23);
  return Array.from({ length: 864 }, (_, at) => {
    const true_ms = begun_ms + at * 5 * MINUTE_MS;
    const to_midnight_ms = DAY_MS - (true_ms % DAY_MS);
    const ahead = to_midnight_ms <= 100 * MINUTE_MS && to_midnight_ms > 40 * MINUTE_MS;
    return true_ms + (ahead ? 9 * 60 * MINUTE_MS : 0);
  });
}

/** As the format says it: the day of the largest receive time so far. */
function plainDays(times: readonly number[]): [string, number, number][] {
  const days: [string, number, number][] = [];
  for (const [index, recv_ms] of times.entries()) {
    const day = new Date(recv_ms).toISOString().slice(0, 10);
    const last = days.at(-1);
    if (last === undefined || day > last[0]) days.push([day, index, 1]);
    else last[2] += 1;
  }
  return days;
}

test('days begin rightly where the clock was set back, the same at every size', async (t) => {
  const core = await openCore();
  t.after(async () => {
    await core.close();
    removeFolder(core.data_dir);
  });
  const codes = { site: null, agent: null, epoch: 0, seq: 0 };
  const hash = new Uint8Array(32).fill(1);
  const [opened] = await core.store.leaves(1, 0, 1);
  assert.ok(opened !== undefined);
  const times = [opened.recv_ms, ...receiveTimes().filter((ms) => ms >= opened.recv_ms)];
  await core.ledger.commit(async (unit) => {
    for (const recv_ms of times.slice(1))
      await unit.append({ kind: 'prune', ...codes, hash, recv_ms });
  });
  assert.ok(times.length > 10 * READ_MAX && plainDays(times).length >= 3);
  const fresh = (): EvidenceReads => Object.create(core.store);
  const grown = fresh();
  for (let size = 1; size <= times.length; size += 37) {
    const wanted = plainDays(times.slice(0, size));
    // Never asked before, asked at each smaller size, and asked at a larger one.
    const last = fresh();
    await dailyCounts(last, { log: 1, size: times.length }, 'a-site', breathe, READ_MAX);
    for (const store of [fresh(), grown, last]) {
      const days = await dailyCounts(store, { log: 1, size }, 'a-site', breathe, READ_MAX);
      assert.deepEqual(
        days.map(({ day, first, leaves }) => [day, first, leaves]),
        wanted,
        `size ${size}`,
      );
    }
  }
});
