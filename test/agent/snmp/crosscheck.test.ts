import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import {
  IDENTITY_COLUMNS,
  STATUS_COLUMNS,
  TRAFFIC_32,
  TRAFFIC_64,
} from '../../../agent/snmp/if-mib.ts';
import { numberOf } from '../../../agent/snmp/value.ts';
import { walkColumns } from '../../../agent/snmp/walk.ts';
import { COMMUNITY, deadline, has, lab, model } from './lab.ts';

const run = promisify(execFile);

/** Net-SNMP's own walk: OID → value, bare numbers. */
async function snmpbulkwalk(place: string, root: string): Promise<Map<string, string>> {
  const options = ['-v2c', '-c', COMMUNITY, '-m', '', '-OnqUte', '-t', '2', '-r', '0'];
  const { stdout } = await run('snmpbulkwalk', [...options, place, root], { maxBuffer: 2 ** 24 });
  const lines = stdout.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const space = line.indexOf(' ');
      return [line.slice(1, space), line.slice(space + 1)];
    }),
  );
}

test('our walk sees what snmpbulkwalk sees', async (t) => {
  if (!has(t, 'snmpbulkwalk', 'snmp')) return;
  const served = model({ has_64_bit: (port) => port !== 4, octets_before: 2n ** 60n });
  const { device, session } = await lab(t, served);
  const place = `${device.address}:${device.port}`;
  const theirs = new Map([
    ...(await snmpbulkwalk(place, '1.3.6.1.2.1.2')),
    ...(await snmpbulkwalk(place, '1.3.6.1.2.1.31')),
  ]);
  const text = new Set(IDENTITY_COLUMNS.map(({ name }) => name));
  const columns = [
    ...new Map([...STATUS_COLUMNS, ...TRAFFIC_32, ...TRAFFIC_64].map((c) => [c.name, c])).values(),
  ];
  const ours = await walkColumns(session, columns, numberOf, deadline());
  assert.ok(ours.ok);
  let compared = 0;
  for (const { name, oid } of columns) {
    assert.equal(text.has(name), false);
    const rows = [...theirs].filter(([row]) => row.startsWith(`${oid}.`));
    const expected = rows.map(([row, value]) => [Number(row.slice(oid.length + 1)), value]);
    const found: [number, string][] = [...(ours.columns.get(name) ?? [])].map(([index, value]) => [
      index,
      String(value),
    ]);
    assert.deepEqual(found, expected, name);
    compared += found.length;
  }
  // Port 4 lacks the 64-bit columns.
  assert.equal(compared, columns.length * 28 - 8);
});
