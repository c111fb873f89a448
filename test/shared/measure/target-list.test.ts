import assert from 'node:assert/strict';
import test from 'node:test';
import { utf8 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { TARGETS_MAX } from '../../../shared/measure/batch.ts';
import { CHECKS_MAX } from '../../../shared/measure/codes.ts';
import { WITNESSES_MAX } from '../../../shared/measure/inventory-defaults.ts';
import {
  checkCommitments,
  commitment,
  ECHO_LARGE_BYTES_MAX,
  ECHO_LARGE_BYTES_MIN,
  parsePrivateTargets,
  parseTargetList,
} from '../../../shared/measure/target-list.ts';
import { parseTargetRecord } from '../../../shared/measure/target-record.ts';
import { slotIntervalMs } from '../../../shared/measure/targets.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { altered, CHECKED_LIST, LIST } from './example.ts';

const crypto = createNodeCrypto();
const bytesOf = (value: unknown) => utf8(JSON.stringify(value));
const fails = (run: () => unknown, code: string, place: string | undefined) =>
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof LanProofError);
    assert.deepEqual([error.code, error.place], [code, place]);
    return true;
  });

test('a list comes back as it was; unknown members are passed over', () => {
  assert.deepEqual(parseTargetList(bytesOf(LIST)), LIST);
  assert.deepEqual(parseTargetList(bytesOf(altered(LIST, 'targets.0.later', 1))), LIST);
});

test('each fault has its place', () => {
  const t = 'targets[0]';
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['v', 2, 'v'],
    ['version', 0, 'version'],
    ['site', 'a/b', 'site'],
    ['targets.0.code', '..', `${t}.code`],
    ['targets.1.code', 'sw-core', 'targets[1].code'],
    ['targets.0.kind', 'toaster', `${t}.kind`],
    ['targets.0.own', false, 'targets[1].own'],
    ['targets.0.reachability', 'smell', `${t}.reachability`],
    ['targets.0.probes', null, `${t}.probes`],
    ['targets.0.probes.icmp.interval_ms', 0, `${t}.probes.icmp.interval_ms`],
    ['targets.0.probes.icmp.interval_ms', 3_000, `${t}.probes.icmp.interval_ms`],
    ['targets.0.probes.icmp.timeout_ms', 901, `${t}.probes.icmp.timeout_ms`],
    ['targets.2.probes.icmp.timeout_ms', 49, 'targets[2].probes.icmp.timeout_ms'],
    ['targets.0.link.device', '', `${t}.link.device`],
    ['targets.0.link.port', 'a\nb', `${t}.link.port`],
    ['targets.0.commitment', 'AA==', `${t}.commitment`],
  ];
  for (const [path, value, place] of cases) {
    fails(() => parseTargetList(bytesOf(altered(LIST, path, value))), 'TARGETS_FORMAT', place);
  }
  const edge = bytesOf(altered(LIST, 'targets.0.probes.icmp.timeout_ms', 900));
  assert.equal(parseTargetList(edge).targets[0]?.probes.icmp?.timeout_ms, 900);
  const many = Array.from({ length: TARGETS_MAX + 1 }, () => LIST.targets[0]);
  fails(() => parseTargetList(bytesOf({ ...LIST, targets: many })), 'TARGETS_FORMAT', 'targets');
});

test('checks, the large echo and witnesses: faults and limits at their edge', () => {
  assert.deepEqual(parseTargetList(bytesOf(CHECKED_LIST)), CHECKED_LIST);
  const p = 'targets[0].probes';
  const w = 'targets[2].witnesses';
  const times = { interval_ms: 60_000, timeout_ms: 59_900 };
  const codes = Array.from({ length: WITNESSES_MAX }, (_, k) => `cam-${k}`);
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['targets.0.probes.tcp', {}, `${p}.tcp`],
    ['targets.0.probes.tcp', Array(CHECKS_MAX + 1).fill(times), `${p}.tcp`],
    ['targets.0.probes.tcp.1', null, `${p}.tcp[1]`],
    ['targets.0.probes.dns.0.interval_ms', 3_000, `${p}.dns[0].interval_ms`],
    ['targets.0.probes.http.0.timeout_ms', 59_901, `${p}.http[0].timeout_ms`],
    ['targets.0.probes.http.0.timeout_ms', undefined, `${p}.http[0].timeout_ms`],
    ['targets.0.probes.echo_large.interval_ms', 7, `${p}.echo_large.interval_ms`],
    ['targets.0.probes.echo_large.timeout_ms', 49, `${p}.echo_large.timeout_ms`],
    ['targets.0.probes.echo_large.bytes', undefined, `${p}.echo_large.bytes`],
    ['targets.0.probes.echo_large.bytes', ECHO_LARGE_BYTES_MIN - 1, `${p}.echo_large.bytes`],
    ['targets.0.probes.echo_large.bytes', ECHO_LARGE_BYTES_MAX + 1, `${p}.echo_large.bytes`],
    ['targets.2.witnesses', 'camera-2', w],
    ['targets.2.witnesses.1', 'A', `${w}[1]`],
    ['targets.2.witnesses.1', 'sw-tang2', `${w}[1]`],
    ['targets.2.witnesses.1', 'camera-2', `${w}[1]`],
    ['targets.2.witnesses', [...codes, 'cam-64'], w],
  ];
  for (const [path, value, place] of cases) {
    const json = bytesOf(altered(CHECKED_LIST, path, value));
    fails(() => parseTargetList(json), 'TARGETS_FORMAT', place);
  }
  const edges: readonly (readonly [string, unknown])[] = [
    ['targets.0.probes.dns', Array(CHECKS_MAX).fill(times)],
    ['targets.0.probes.dns', []],
    ['targets.0.probes.echo_large.bytes', ECHO_LARGE_BYTES_MIN],
    ['targets.0.probes.echo_large.bytes', ECHO_LARGE_BYTES_MAX],
    ['targets.2.witnesses', codes],
  ];
  for (const [path, value] of edges) {
    const list = altered(CHECKED_LIST, path, value);
    assert.deepEqual(parseTargetList(bytesOf(list)), list);
  }
});

test('the slot grid is that of the reachability probe, of tcp its first check', () => {
  const grid = CHECKED_LIST.targets.map(slotIntervalMs);
  assert.deepEqual(grid, [5_000, 10_000, null]);
  const bare = parseTargetList(bytesOf(altered(CHECKED_LIST, 'targets.0.probes.tcp', undefined)));
  assert.deepEqual(bare.targets.map(slotIntervalMs), [null, 10_000, null]);
});

test('private records are bound by their commitments', () => {
  const salt = 'AAECAwQFBgcICQoLDA0ODw==';
  const record = '{"name":"Switch lõi","address":"10.77.0.2"}';
  const bound = commitment(crypto, salt, record);
  const list = parseTargetList(
    bytesOf({ ...LIST, targets: LIST.targets.map((item) => ({ ...item, commitment: bound })) }),
  );
  const records = LIST.targets.map(() => ({ salt, record }));
  const priv = parsePrivateTargets({ v: 1, version: 3, records });
  checkCommitments(crypto, list, priv);
  const moved = record.replace('10.77.0.2', '10.77.0.3');
  const lie = { ...priv, records: records.with(1, { salt, record: moved }) };
  fails(() => checkCommitments(crypto, list, lie), 'TARGETS_COMMITMENT', 'pc-1');
  const other = { ...priv, version: 2 };
  fails(() => checkCommitments(crypto, list, other), 'TARGETS_COMMITMENT', 'private');
  const short = { ...priv, records: records.slice(1) };
  fails(() => checkCommitments(crypto, list, short), 'TARGETS_COMMITMENT', 'private');
  const place = 'private.records[0].salt';
  const salted = { v: 1, version: 3, records: [{ salt: 'AA==', record }] };
  fails(() => parsePrivateTargets(salted), 'TARGETS_FORMAT', place);
});

test('records: addresses are addresses, secrets are names', () => {
  const v2c = { version: '2c' as const, port: 161, secret: 'ro-community' };
  const v3 = { version: '3' as const, port: 161, user: 'lp', level: 'authPriv' as const };
  const base = { name: 'Switch lõi', address: '10.77.0.2', mac: '00:11:22:33:44:55' };
  const checked = {
    ...base,
    tcp: [{ port: 443 }, { port: 1 }],
    dns: [{ name: 'dichvucong.gov.vn' }],
    http: [{ url: 'https://dichvucong.gov.vn/tìm?a=1' }],
  };
  for (const value of [
    base,
    { ...base, hostname: 'sw.local', snmp: v2c },
    { ...base, snmp: { ...v2c, version: '1' } },
    { ...base, snmp: v3 },
    { ...base, snmp: { ...v3, context: 'vlan-10' } },
    checked,
  ]) {
    assert.deepEqual(parseTargetRecord(JSON.stringify(value)), value);
  }
  const bad: readonly (readonly [string, unknown])[] = [
    ['name', { ...base, name: '' }],
    ['address', { ...base, address: '10.0.0' }],
    ['mac', { ...base, mac: '00-11-22-33-44-55' }],
    ['hostname', { ...base, hostname: 'a b' }],
    ['snmp.secret', { ...base, snmp: { ...v2c, secret: '../etc/passwd' } }],
    ['snmp.port', { ...base, snmp: { ...v2c, port: 0 } }],
    ['snmp.version', { ...base, snmp: { ...v2c, version: '2' } }],
    ['snmp.user', { ...base, snmp: { ...v3, user: 'l p' } }],
    ['snmp.context', { ...base, snmp: { ...v3, context: '' } }],
    ['snmp.context', { ...base, snmp: { ...v3, context: 'x'.repeat(33) } }],
    ['tcp', { ...base, tcp: Array(CHECKS_MAX + 1).fill({ port: 443 }) }],
    ['tcp[1].port', altered(checked, 'tcp.1.port', 65_536)],
    ['dns[0]', { ...base, dns: ['gov.vn'] }],
    ['dns[0].name', altered(checked, 'dns.0.name', 'gov vn')],
    ['http[0].url', altered(checked, 'http.0.url', 'ftp://gov.vn/')],
    ['http[0].url', altered(checked, 'http.0.url', 'http://a:b@gov.vn/')],
    ['http[0].url', altered(checked, 'http.0.url', 'http://gov.vn/ HTTP/1.1')],
    ['http[0].url', altered(checked, 'http.0.url', 'http://gov.vn/\r\nx: y')],
    ['http[0].url', altered(checked, 'http.0.url', `http://gov.vn/${'a'.repeat(200)}`)],
    ['snmp.auth_secret', { ...base, snmp: { ...v3, auth_secret: '/x' } }],
  ];
  for (const [place, value] of bad) {
    fails(() => parseTargetRecord(JSON.stringify(value)), 'TARGETS_RECORD', place);
  }
});
