import assert from 'node:assert/strict';
import test from 'node:test';
import { utf8 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { TARGETS_MAX } from '../../../shared/measure/batch.ts';
import {
  checkCommitments,
  commitment,
  parsePrivateTargets,
  parseTargetList,
} from '../../../shared/measure/target-list.ts';
import { parseTargetRecord } from '../../../shared/measure/target-record.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { altered, LIST } from './example.ts';

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
  for (const value of [base, { ...base, hostname: 'sw.local', snmp: v2c }, { ...base, snmp: v3 }]) {
    assert.deepEqual(parseTargetRecord(JSON.stringify(value)), value);
  }
  const bad: readonly (readonly [string, object])[] = [
    ['name', { ...base, name: '' }],
    ['address', { ...base, address: '10.0.0' }],
    ['mac', { ...base, mac: '00-11-22-33-44-55' }],
    ['hostname', { ...base, hostname: 'a b' }],
    ['snmp.secret', { ...base, snmp: { ...v2c, secret: '../etc/passwd' } }],
    ['snmp.port', { ...base, snmp: { ...v2c, port: 0 } }],
    ['snmp.version', { ...base, snmp: { ...v2c, version: '1' } }],
    ['snmp.auth_secret', { ...base, snmp: { ...v3, auth_secret: '/x' } }],
  ];
  for (const [place, value] of bad) {
    fails(() => parseTargetRecord(JSON.stringify(value)), 'TARGETS_RECORD', place);
  }
});
