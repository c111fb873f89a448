import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { createAllowList, permitsResolved } from '../../../agent/allow.ts';
import { type Plan, planList } from '../../../agent/lists/plan.ts';
import { toBase64 } from '../../../shared/bytes.ts';
import type { DeviceKind } from '../../../shared/measure/codes.ts';
import type { PublicProbes, PublicTarget, TargetRecord } from '../../../shared/measure/targets.ts';

const HASH = toBase64(new Uint8Array(32));
const MINUTE = { interval_ms: 60_000, timeout_ms: 3_000 };

function planOf(
  devices: readonly (readonly [DeviceKind, PublicProbes, Omit<TargetRecord, 'name'>])[],
  allowed: readonly string[],
  max_packets_per_s = 200,
): Plan {
  const targets = devices.map(([kind, probes], index): PublicTarget => {
    const own = { own: true, reachability: 'none', commitment: HASH } as const;
    return { code: `d-${index}`, kind, probes, ...own };
  });
  const records = devices.map(([, , record], index) => ({ name: `d-${index}`, ...record }));
  const list = { v: 1, version: 1, site: 'hq', agent: 'do-1', log: 'l', issued_ms: 1 } as const;
  return planList(
    { list: { ...list, targets }, hash: HASH, records },
    {
      allow: createAllowList(allowed, []),
      max_packets_per_s,
      arpReaches: () => false,
      addressOf: ({ address }) => address,
      secretOf: () => '',
    },
  );
}

const refusals = ({ refused }: Plan) => refused.map(({ index, code }) => [index, code]);
const named = ({ checks = [] }: Plan) =>
  checks.map(({ index, probe, check }) => `${index} ${probe} ${check}`);

test('every check of the list is planned with its place, against the address of the device', () => {
  const plan = planOf(
    [
      [
        'server',
        { tcp: [MINUTE, MINUTE], dns: [MINUTE], http: [MINUTE] },
        {
          address: '10.0.0.2',
          tcp: [{ port: 443 }, { port: 22 }],
          dns: [{ name: 'a.vn' }],
          http: [{ url: 'https://10.0.0.2/' }],
        },
      ],
    ],
    ['10.0.0.0/24'],
  );
  assert.deepEqual(named(plan), ['0 tcp 0', '0 tcp 1', '0 dns 0', '0 http 0']);
  assert.deepEqual(plan.refused, []);
});

test('a page is held against allow by its own host, not by the address of the device', () => {
  const http = { http: [MINUTE] };
  const page = (url: string) => ({ address: '10.0.0.2', http: [{ url }] });
  const often = { http: [{ interval_ms: 30_000, timeout_ms: 3_000 }] };
  const plan = planOf(
    [
      ['server', http, page('http://10.0.0.9/')],
      ['server', http, page('http://10.0.1.9/')],
      ['server', http, page('http://portal.vn/')],
      ['server', http, page('http://Listed.vn/')],
      ['upstream', http, { http: [{ url: 'https://portal.vn/' }] }],
      ['upstream', often, { http: [{ url: 'https://portal.vn/' }] }],
      ['upstream', http, { http: [{ url: 'http://127.0.0.1/' }] }],
      ['server', http, page('http://[::1]/')],
      ['server', http, page('http://user:secret@10.0.0.9/')],
    ],
    ['10.0.0.0/24', 'listed.vn'],
  );
  assert.deepEqual(named(plan), ['0 http 0', '3 http 0', '4 http 0']);
  assert.deepEqual(refusals(plan), [
    [1, 'TARGET_NOT_ALLOWED'],
    [2, 'TARGET_NOT_ALLOWED'],
    [5, 'TARGET_TOO_OFTEN'],
    [6, 'TARGET_NOT_ALLOWED'],
    [7, 'TARGET_NOT_ALLOWED'],
    [8, 'TARGET_ADDRESS'],
  ]);
  assert.ok(!JSON.stringify(plan.refused).includes('secret'));
});

test('what a name leads to is held against allow too', () => {
  const allow = createAllowList(
    ['10.0.0.0/24', 'listed.vn'],
    [{ address: '10.0.0.1', prefix: 24 }],
  );
  const cases = [
    ['listed.vn', '10.0.0.9', 'server', true],
    ['listed.vn', '203.0.113.9', 'server', true],
    ['listed.vn', '192.168.1.1', 'server', false],
    ['listed.vn', '127.0.0.1', 'server', false],
    ['listed.vn', '10.0.0.1', 'server', false],
    ['listed.vn', '::ffff:127.0.0.1', 'server', false],
    ['other.vn', '203.0.113.9', 'server', false],
    ['other.vn', '203.0.113.9', 'upstream', true],
    ['other.vn', '127.0.0.1', 'upstream', false],
    ['other.vn', '10.0.0.1', 'upstream', false],
    ['other.vn', '224.0.0.1', 'upstream', false],
  ] as const;
  for (const [host, address, kind, ok] of cases) {
    const permit = permitsResolved(allow, host, address, kind, 'http', 60_000);
    assert.equal(permit.ok, ok, `${host} ${address} ${kind}`);
  }
});

test('the agent connects only where the plan permits, whatever a URL says', async (t) => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.end();
  });
  server.listen(0, '127.105.7.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const at = server.address();
  const port = typeof at === 'object' && at !== null ? at.port : 0;
  const record = { http: [{ url: `http://127.105.7.1:${port}/` }] };
  const [check] = planOf([['server', { http: [MINUTE] }, record]], ['127.105.7.0/24']).checks ?? [];
  const now_ms = (): number => performance.now();
  const result = await check?.ask(AbortSignal.timeout(5_000), now_ms);
  assert.deepEqual([result?.outcome, asked], ['ok', 1]);
});

test('large echoes go beside small ones, are refused with them, and all packets are counted', () => {
  const icmp = { interval_ms: 10_000, timeout_ms: 1_000 };
  const probes = { icmp, echo_large: { ...icmp, bytes: 1_400 } };
  const plan = planOf(
    [
      ['pc', probes, { address: '10.0.0.2' }],
      ['pc', probes, { address: '10.0.1.2' }],
    ],
    ['10.0.0.0/24'],
  );
  assert.deepEqual(
    plan.icmp.map(({ index, bytes, arp_on_silence }) => [index, bytes, arp_on_silence]),
    [
      [0, undefined, false],
      [0, 1_400, false],
    ],
  );
  assert.deepEqual(refusals(plan), [[1, 'TARGET_NOT_ALLOWED']]);
  assert.equal(plan.packets_per_s, 0.2);
  const second = { interval_ms: 1_000, timeout_ms: 500 };
  const busy = { tcp: [second], dns: [second], http: [second] };
  const record = {
    address: '10.0.0.2',
    tcp: [{ port: 1 }],
    dns: [{ name: 'a.vn' }],
    http: [{ url: 'http://10.0.0.2/' }],
  };
  assert.throws(() => planOf([['server', busy, record]], ['10.0.0.0/24'], 30), {
    code: 'PACKETS_TOO_MANY',
  });
});

test('a check without its private part is refused by name', () => {
  const plan = planOf([['server', { tcp: [MINUTE] }, { address: '10.0.0.2' }]], ['10.0.0.0/24']);
  assert.deepEqual(refusals(plan), [[0, 'TARGET_NO_CHECK']]);
});

test('a name inside allow leads to other addresses, never to the own machine', () => {
  const target: PublicTarget = {
    ...{ code: 'prn', kind: 'printer', own: true, reachability: 'icmp', commitment: HASH },
    probes: { icmp: MINUTE },
  };
  const list = { v: 1, version: 1, site: 'hq', agent: 'do-1', log: 'l', issued_ms: 1 } as const;
  const refusedAt = (address: string) =>
    planList(
      {
        list: { ...list, targets: [target] },
        ...{ hash: HASH, records: [{ name: 'prn', hostname: 'prn.example.vn' }] },
      },
      {
        allow: createAllowList(['prn.example.vn'], []),
        max_packets_per_s: 200,
        arpReaches: () => false,
        addressOf: () => address,
        secretOf: () => '',
      },
    ).refused.map(({ code }) => code);
  assert.deepEqual(refusedAt('10.0.0.9'), []);
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
    assert.deepEqual(refusedAt(address), ['TARGET_NOT_ALLOWED']);
  }
});
