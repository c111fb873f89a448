import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { createAllowList } from '../../../agent/allow.ts';
import { createAgentApi } from '../../../agent/deliver/api.ts';
import { createCollectorHttp } from '../../../agent/http.ts';
import { planList } from '../../../agent/lists/plan.ts';
import { TargetBook } from '../../../agent/lists/targets.ts';
import { LanProofError } from '../../../shared/errors.ts';
import type { Signer } from '../../../shared/evidence/crypto.ts';
import { testSigner } from '../../fixtures/test-keys.ts';
import { crypto, identityFor, listOf, temporaryDir } from '../../support/agent-kit.ts';
import { StandInCollector } from '../../support/stand-in-collector.ts';

const icmp = { icmp: { interval_ms: 1_000, timeout_ms: 800 } };

function device(code: string, address: string | undefined, kind: 'switch' | 'pc' = 'switch') {
  const target = { code, kind, own: true, reachability: 'icmp', probes: icmp } as const;
  return { target, record: { name: code, ...(address === undefined ? {} : { address }) } };
}

async function kit(t: TestContext) {
  const collector = new StandInCollector();
  const url = await collector.listen();
  t.after(() => collector.close());
  const identity = identityFor(collector);
  const http = createCollectorHttp({
    ...{ urls: [url], insecure: false, proxy: undefined, tls: undefined },
    monotonic_ms: () => performance.now(),
  });
  t.after(() => http.close());
  const api = createAgentApi(http, crypto, identity.signer);
  const state_dir = temporaryDir(t);
  const knowsLog = (origin: string) => origin === collector.origin;
  const open = () => new TargetBook({ state_dir, crypto, identity, knowsLog });
  const fetch = (book: TargetBook) => book.fetch(api, () => undefined);
  return { collector, state_dir, open, fetch };
}

test('a newer list is checked, kept and read again at the next start', async (t) => {
  const { collector, open, fetch } = await kit(t);
  const book = open();
  await assert.rejects(() => fetch(book), { code: 'NO_TARGETS' });
  collector.list = listOf(1, [device('sw', '10.0.0.2')]);
  assert.equal((await fetch(book))?.list.version, 1);
  assert.equal(await fetch(book), undefined, 'nothing newer');
  const again = open();
  const loaded = again.load();
  assert.equal(loaded?.records[0]?.address, '10.0.0.2');
  collector.list = listOf(2, [device('sw', '10.0.0.3')]);
  assert.equal((await fetch(again))?.records[0]?.address, '10.0.0.3');
});

test('unsigned, older, foreign and altered lists are refused', async (t) => {
  const { collector, open, fetch, state_dir } = await kit(t);
  const book = open();
  collector.list = listOf(3, [device('sw', '10.0.0.2')]);
  await fetch(book);
  collector.list = listOf(2, [device('sw', '10.0.0.2')]);
  await assert.rejects(() => fetch(book), { code: 'LIST_OLDER' });
  collector.list = listOf(3, [device('other', '10.0.0.9')]);
  const restarted = open();
  restarted.load();
  await assert.rejects(() => fetch(restarted), { code: 'LIST_OLDER' });
  const moved = listOf(4, [device('sw', '10.0.0.2')]);
  const [record] = moved.private.records;
  const altered = { salt: record?.salt ?? '', record: '{"name":"sw","address":"10.0.0.66"}' };
  collector.list = { list: moved.list, private: { ...moved.private, records: [altered] } };
  await assert.rejects(() => fetch(book), { code: 'TARGETS_COMMITMENT' });
  collector.list = { ...moved, list: { ...moved.list, agent: 'do-2' } };
  await assert.rejects(() => fetch(book), { code: 'LIST_NOT_OURS' });
  collector.list = moved;
  const keep: Signer = collector.document;
  Object.assign(collector, { document: testSigner('stranger') });
  await assert.rejects(() => fetch(book), { code: 'DSSE_SIGNATURE' });
  Object.assign(collector, { document: keep });
  assert.equal(book.current?.list.version, 3, 'the list in force stays');
  const path = join(state_dir, 'targets.json');
  const text = readFileSync(path, 'utf8').replace('10.0.0.2', '10.0.0.4');
  writeFileSync(path, text);
  assert.throws(() => open().load(), { code: 'TARGETS_COMMITMENT' });
});

test('what lies outside allow is left out and named, indexes stay', async (t) => {
  const { collector, open, fetch } = await kit(t);
  const book = open();
  const poll = { snmp: { interval_ms: 60_000 } };
  const snmp = { version: '2c', port: 161, secret: 'ro' };
  collector.list = listOf(1, [
    device('outside', '203.0.113.9'),
    device('sw', '10.0.0.2'),
    device('nowhere', undefined),
    {
      target: { code: 'polled', kind: 'switch', own: true, reachability: 'snmp', probes: poll },
      record: { name: 'polled', address: '10.0.0.7', snmp },
    },
  ]);
  const checked = await fetch(book);
  assert.ok(checked !== undefined);
  const limits = {
    allow: createAllowList(['10.0.0.0/24'], []),
    max_packets_per_s: 200,
    arpReaches: () => true,
    addressOf: ({ address }: { readonly address?: string }) => address,
    secretOf: (name: string): string => {
      throw new LanProofError('SECRET_MISSING', `secret ${name}`, { hint: 'set it' });
    },
  };
  const plan = planList(checked, limits);
  assert.deepEqual(
    plan.icmp.map(({ index, address, arp_on_silence }) => [index, address, arp_on_silence]),
    [[1, '10.0.0.2', false]],
  );
  assert.deepEqual(
    plan.refused.map(({ index, code }) => [index, code]),
    [
      [0, 'TARGET_NOT_ALLOWED'],
      [2, 'TARGET_NO_ADDRESS'],
      [3, 'SECRET_MISSING'],
    ],
  );
  const known = planList(checked, { ...limits, secretOf: () => 'public' });
  assert.equal(known.snmp[0]?.decides, true);
  assert.throws(() => planList(checked, { ...limits, max_packets_per_s: 0.5 }), {
    code: 'PACKETS_TOO_MANY',
  });
});
