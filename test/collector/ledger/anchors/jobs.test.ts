import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  anchorPlans,
  createAnchorTurn,
  startAnchorJobs,
} from '../../../../collector/ledger/anchors/jobs.ts';
import type { AnchorKeeper, AnchorOutcome } from '../../../../collector/ledger/anchors/types.ts';
import { createNodeCrypto } from '../../../../shared/node/crypto.ts';

const crypto = createNodeCrypto();
const timezone = 'Asia/Ho_Chi_Minh';
const HOUR_MS = 3_600_000;
/** 2026-11-23 00:10 in Viet Nam (+07:00). */
const MIDNIGHT = Date.UTC(2026, 10, 22, 17, 10);

/** Walks through hours; the source fails in those of `fails`. */
async function walk(
  plan: { readonly hour: number; readonly every_hours: number },
  hours: number,
  options: { readonly fails?: readonly number[]; readonly last_ms?: number | null } = {},
): Promise<number[]> {
  let last_ms = options.last_ms === undefined ? MIDNIGHT - HOUR_MS : options.last_ms;
  let hour = 0;
  const kind = 'rfc3161';
  const keeper: AnchorKeeper = {
    status: () => [{ by: 'tsa', kind, last_ms, failures: {} }],
    async anchorNow() {
      const failed: AnchorOutcome = { by: 'tsa', kind, ok: false, code: '', message: '', hint: '' };
      if (options.fails?.includes(hour) === true) return [failed];
      last_ms = MIDNIGHT + hour * HOUR_MS;
      return [{ by: 'tsa', kind, ok: true, log: '', size: 1, leaf: 1, at_ms: last_ms }];
    },
    close: async () => undefined,
  };
  const now_ms = () => MIDNIGHT + hour * HOUR_MS;
  const turn = createAnchorTurn({ keeper, now_ms, timezone }, { by: 'tsa', minute: 10, ...plan });
  const asked: number[] = [];
  for (; hour < hours; hour++) if (await turn()) asked.push(hour);
  return asked;
}

test('a source is asked in its local hour, and in the hours after a failure', async () => {
  assert.deepEqual(await walk({ hour: 2, every_hours: 24 }, 50), [2, 26]);
  assert.deepEqual(await walk({ hour: 2, every_hours: 24 }, 30, { fails: [2, 3, 4] }), [
    ...[2, 3, 4, 5],
    26,
  ]);
  assert.deepEqual(await walk({ hour: 23, every_hours: 24 }, 48), [23, 47]);
  assert.deepEqual(await walk({ hour: 2, every_hours: 6 }, 24), [2, 8, 14, 20]);
  assert.deepEqual(await walk({ hour: 2, every_hours: 1 }, 4), [0, 1, 2, 3]);
});

test('what was never anchored, or not for a day, does not wait for the night', async () => {
  assert.deepEqual(await walk({ hour: 2, every_hours: 24 }, 4, { last_ms: null }), [0, 2]);
  const old = MIDNIGHT - 24 * HOUR_MS;
  assert.deepEqual(await walk({ hour: 20, every_hours: 24 }, 21, { last_ms: old }), [0, 20]);
});

test('times come from the file, else from the seed; the calendar accepts them', () => {
  const one = { url: 'http://x', ca_file: '/x' };
  const config = {
    rfc3161: [
      { ...one, name: 'a', at: '23:05' },
      { ...one, name: 'b', at: undefined },
    ],
    witnesses: [{ name: 'w', url: 'http://x', key: '', every_hours: 6 }],
  };
  const plans = anchorPlans(config, crypto, 'seed');
  const [a, b, w] = plans;
  assert.deepEqual(a, { by: 'a', hour: 23, minute: 5, every_hours: 24 });
  assert.deepEqual([b?.hour, w?.hour, w?.every_hours], [2, 2, 6]);
  assert.deepEqual(anchorPlans(config, crypto, 'seed'), plans);
  const minutes = Array.from({ length: 50 }, (_, i) => {
    const [, found] = anchorPlans(config, crypto, `seed ${i}`);
    return found?.minute ?? -1;
  });
  assert.ok(minutes.every((minute) => minute >= 0 && minute < 60));
  assert.ok(new Set(minutes).size > 20);
  const keeper = { status: () => [], anchorNow: async () => [], close: async () => undefined };
  const log = { error: () => undefined };
  startAnchorJobs({ keeper, plans, now_ms: () => 0, timezone, log }).stop();
});
