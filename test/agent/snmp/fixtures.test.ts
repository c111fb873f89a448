import assert from 'node:assert/strict';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pollDevice } from '../../../agent/snmp/poll.ts';
import { openSession, type SnmpSession } from '../../../agent/snmp/session.ts';
import {
  asHex,
  asText,
  type GoldenPort,
  type GoldenTable,
  goldenTables,
  rowsAsInFile,
  tableOf,
} from '../../support/golden-table.ts';
import { fileOrderMib, parseSnmprec } from '../../support/snmprec.ts';
import {
  RECORDING_COMMUNITY,
  type ServedRecording,
  serveRecording,
} from '../../support/snmprec-server.ts';
import { deadline, has, monotonic } from './lab.ts';

const FOLDER = join(import.meta.dirname, '../../fixtures/snmp');
const FILES = globSync(join(FOLDER, '*.snmprec')).sort();
const FIXTURE_BYTES_MAX = 30_000;
const POLL_MS_MAX = 10_000;
const EVERYTHING = { status: true, traffic: 'all', identity: true } as const;

/** Written by hand beside each recording. A port has what `every_port` says, but for its own. */
interface Expected extends Omit<GoldenTable, 'ports'> {
  readonly every_port: GoldenPort;
  readonly ports: Readonly<Record<string, Partial<GoldenPort>>>;
  /** Where the text is not UTF-8: its bytes in hexadecimal. */
  readonly system_bytes?: Readonly<Record<string, string>>;
}

function expectedOf(path: string): Expected {
  return JSON.parse(readFileSync(path.replace('.snmprec', '.expected.json'), 'utf8')) as Expected;
}

function portsOf({ every_port, ports }: Expected): Record<string, GoldenPort> {
  return Object.fromEntries(
    Object.entries(ports).map(([port, own]) => [port, { ...every_port, ...own }]),
  );
}

function serveAll(t: TestContext): Promise<ServedRecording[]> {
  return Promise.all(FILES.map((path, i) => serveRecording(t, path, `127.103.3.${i + 1}`)));
}

function sessionTo(
  t: TestContext,
  { device }: ServedRecording,
  version: '1' | '2c' = '2c',
): SnmpSession {
  const { address, port } = device;
  const session = openSession(
    { address, port, version, community: RECORDING_COMMUNITY },
    { now_ms: monotonic, timeout_ms: 2_000 },
  );
  t.after(() => session.close());
  return session;
}

test('a poll of every fixture gives what a person wrote beside it', async (t) => {
  assert.ok(FILES.length >= 12);
  for (const one of await serveAll(t)) {
    await t.test(one.name, async () => {
      assert.ok(statSync(one.path).size <= FIXTURE_BYTES_MAX);
      const polled = await pollDevice(sessionTo(t, one), EVERYTHING, deadline(POLL_MS_MAX));
      const expected = expectedOf(one.path);
      const table = tableOf(polled, asText);
      assert.deepEqual(table.uptime, expected.uptime);
      assert.deepEqual(table.ports, portsOf(expected));
      assert.deepEqual(table.half_up, expected.half_up);
      assert.deepEqual(table.texts, expected.texts);
      const bytes = tableOf(polled, asHex).system;
      for (const name of ['sys_name', 'sys_descr']) {
        const hex = expected.system_bytes?.[name];
        if (hex !== undefined) assert.equal(bytes[name], hex);
        const text = expected.system[name];
        if (text !== undefined) assert.equal(table.system[name], text);
        assert.ok(hex !== undefined || text !== undefined, `${name} is expected in no form`);
      }
    });
  }
});

test('a poll of every fixture equals the golden table', async (t) => {
  if (!has(t, 'snmpbulkwalk', 'snmp') || !has(t, 'python3', 'python3')) return;
  const served = await serveAll(t);
  const golden = await goldenTables(served);
  for (const one of served) {
    const polled = await pollDevice(sessionTo(t, one), EVERYTHING, deadline(POLL_MS_MAX));
    assert.deepEqual(tableOf(polled, asHex), golden[one.place], one.name);
  }
});

test('SNMPv1 gives the same, with 32-bit counters only', async (t) => {
  if (!has(t, 'snmpwalk', 'snmp') || !has(t, 'python3', 'python3')) return;
  const served = await serveAll(t);
  const golden = await goldenTables(served, '1');
  for (const one of served) {
    await t.test(one.name, async (t) => {
      const polled = await pollDevice(sessionTo(t, one, '1'), EVERYTHING, deadline(POLL_MS_MAX));
      const table = tableOf(polled, asHex);
      assert.deepEqual(table, golden[one.place]);
      assert.ok(Object.values(table.ports).every(({ has_64_bit }) => !has_64_bit));
    });
  }
});

test('fixtures are served row for row as they stand in their files', async (t) => {
  if (!has(t, 'snmpbulkwalk', 'snmp') || !has(t, 'python3', 'python3')) return;
  const served = await serveAll(t);
  const rows = await rowsAsInFile(served);
  for (const { path, recording } of served) {
    const distinct = new Set(recording.entries.map(([oid]) => oid)).size;
    assert.deepEqual(rows[path], { rows: distinct, wrong: [] }, path);
  }
});

test('the reader of recordings knows every form of a value', () => {
  const text = [
    '# a comment',
    '1.3.6.1.2.1.1.1.0|4x|4765720064',
    '1.3.6.1.2.1.1.3.0|67:numeric|rate=100,initial=250',
    '1.3.6.1.2.1.1.5.0|4|with | and \xe9\r',
    '1.3.6.1.2.1.1.7.0|2:numeric|max=100,scale=0,offset=150',
    '1.3.6.1.2.1.1.8.0|4:writecache|value=old=new',
    '1.3.6.1.2.1.1.9.0|4x:writecache|hexvalue=00ff',
    '1.3.6.1.2.1.4.20.1.1.10.xx.1|64|10.0.0.1',
    '1.3.6.1.2.1.4.20.1.3.1|64x|ffffff00',
    '1.3.6.1.2.1.31.1.1.1.6.1|70|18446744073709551615',
  ].join('\n');
  const { entries, masked } = parseSnmprec(Buffer.from(text, 'latin1'));
  assert.equal(masked, 1);
  const octets = (value: string) => ({ type: 'octets', value: new Uint8Array(Buffer.from(value)) });
  assert.deepEqual(
    entries.map(([, value]) => value),
    [
      octets('Ger\0d'),
      { type: 'timeticks', value: 250 },
      { type: 'octets', value: Uint8Array.from(Buffer.from('with | and \xe9', 'latin1')) },
      { type: 'integer', value: 100 },
      octets('old=new'),
      { type: 'octets', value: Uint8Array.of(0, 255) },
      { type: 'ip', value: Uint8Array.of(255, 255, 255, 0) },
      { type: 'counter64', value: 2n ** 64n - 1n },
    ],
  );
  for (const bad of [
    '1.3.6|65|-1',
    '1.3.6|65|4294967296',
    '1.3.6|4x|abc',
    '1.3.6|99|1',
    '1.3.6',
    'x|4|',
  ]) {
    assert.throws(
      () => parseSnmprec(Buffer.from(`# first\n${bad}`)),
      /^SyntaxError: line 2: /,
      bad,
    );
  }
});

for (const name of ['twice', 'disordered']) {
  test(`${name}: rows that do not increase end the walk, not the poll`, async (t) => {
    const path = join(FOLDER, `${name}.snmprec`);
    const one = await serveRecording(t, path, '127.103.4.1', fileOrderMib);
    const polled = await pollDevice(sessionTo(t, one), EVERYTHING, deadline(POLL_MS_MAX));
    assert.ok(polled.system.ok);
    assert.equal(polled.system.sys_uptime_ticks, expectedOf(path).uptime.sysUpTime);
    for (const part of [polled.status, polled.traffic, polled.identity]) {
      assert.equal(part?.ok, false);
      assert.equal(part.failed, 'not_increasing');
    }
    assert.ok(one.device.requests < 50, `${one.device.requests} requests`);
  });
}
