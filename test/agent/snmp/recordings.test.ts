import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type DevicePoll, pollDevice } from '../../../agent/snmp/poll.ts';
import { openSession } from '../../../agent/snmp/session.ts';
import { compareOids } from '../../../deploy/demo/snmp/mib.ts';
import {
  asHex,
  type GoldenPort,
  goldenTables,
  rowsAsInFile,
  tableOf,
} from '../../support/golden-table.ts';
import { fileOrderMib } from '../../support/snmprec.ts';
import {
  RECORDING_COMMUNITY,
  type ServedRecording,
  serveRecording,
} from '../../support/snmprec-server.ts';
import { deadline, has, monotonic } from './lab.ts';

/**
 * Recordings of real devices hold names and addresses of strangers, so they are no part of this
 * repository. The fixtures in test/fixtures/snmp have the same quirks.
 */
const FOLDER = resolve(
  process.env.LANPROOF_SNMPREC ?? join(import.meta.dirname, '../../../../shared/data/snmprec'),
);
const FILES = existsSync(FOLDER) ? globSync(join(FOLDER, '*.snmprec')).sort() : [];
const SKIP =
  FILES.length === 0 && 'no recordings: name a folder of *.snmprec files in LANPROOF_SNMPREC';
/** Generous for 146 ports on a busy machine; a hang is what it must end, ms. */
const POLL_MS_MAX = 20_000;
/** An agent that breaks the order of OIDs is given up long before this, ms. */
const DISORDER_MS_MAX = 5_000;
const EVERYTHING = { status: true, traffic: 'all', identity: true } as const;

/** Kinds of devices that are still asked by version 1: it takes a request for every row. */
const SPEAK_V1: ReadonlySet<string> = new Set([
  'etingof__UPS__phoenixtec-power',
  'etingof__network_router__cisco-unmarked-0',
  'lnms__apc_smt750x-nmc2',
  'lnms__canonprinter_lbp',
  'lnms__jetdirect_m252dw',
]);

interface Known {
  readonly ports: number;
  readonly with_64_bit: number;
  /** Ports whose 32-bit octets had wrapped. */
  readonly wrapped?: number;
  readonly half_down?: number;
  readonly no_speed_up?: number;
  /** FCS errors by ifIndex, those at 0 left out. */
  readonly fcs?: Readonly<Record<string, number>>;
  /** Ports with late collisions: none; the Vlan1 of the Catalyst 2950 claims 415,840. */
  readonly late?: number;
}

/** Read in the files by hand, so that a rule that is wrong on both sides is noticed. */
const KNOWN: Readonly<Record<string, Known>> = {
  'etingof__network_router__cisco-unmarked-0': {
    ports: 28,
    with_64_bit: 1,
    fcs: { 10: 15 },
    late: 0,
  },
  'etingof__network_router__huawei-s5720': {
    ports: 39,
    with_64_bit: 39,
    wrapped: 10,
    half_down: 1,
  },
  'etingof__network_switch__cisco-c3560': { ports: 57, with_64_bit: 56, wrapped: 4 },
  'etingof__network_switch__dlink-des3038': { ports: 32, with_64_bit: 32, half_down: 15 },
  'etingof__network_switch__ruijie-s5750-24gt12sfp': {
    ports: 27,
    with_64_bit: 27,
    wrapped: 13,
    fcs: { 3: 96 },
  },
  lnms__ciscosb_cbs350: { ports: 43, with_64_bit: 36 },
  lnms__draytek_vigor2962: { ports: 31, with_64_bit: 0 },
  lnms__ios_2960x: { ports: 146, with_64_bit: 136 },
  lnms__jetstream_sg2218p: { ports: 20, with_64_bit: 20, no_speed_up: 2 },
  'lnms__jetstream_t1600g-28ts': { ports: 34, with_64_bit: 34, no_speed_up: 2 },
  lnms__windows_svr_2019_1809: { ports: 24, with_64_bit: 0 },
};

async function poll(
  t: TestContext,
  served: ServedRecording,
  ms: number,
  version: '1' | '2c' = '2c',
): Promise<DevicePoll> {
  const { address, port } = served.device;
  const session = openSession(
    { address, port, version, community: RECORDING_COMMUNITY },
    { now_ms: monotonic, timeout_ms: 2_000 },
  );
  t.after(() => session.close());
  return pollDevice(session, EVERYTHING, deadline(ms));
}

/** Whether an OID of the file is not greater than the one before it. */
function goesBack({ recording }: ServedRecording): boolean {
  const arcs = recording.entries.map(([oid]) => oid.split('.').map(Number));
  return arcs.some((one, i) => compareOids(one, arcs[i - 1] ?? []) <= 0);
}

test('recordings of real devices', { skip: SKIP }, async (t) => {
  const served = await Promise.all(
    FILES.map((path, i) => serveRecording(t, path, `127.103.1.${i + 1}`)),
  );

  await t.test('each is served row for row as it stands in its file', async (t) => {
    if (!has(t, 'snmpbulkwalk', 'snmp') || !has(t, 'python3', 'python3')) return;
    const rows = await rowsAsInFile(served);
    for (const { path, recording } of served) {
      const distinct = new Set(recording.entries.map(([oid]) => oid)).size;
      assert.deepEqual(rows[path], { rows: distinct, wrong: [] }, path);
    }
  });

  await t.test('a poll of each equals its golden table', async (t) => {
    if (!has(t, 'snmpbulkwalk', 'snmp') || !has(t, 'python3', 'python3')) return;
    const golden = await goldenTables(served);
    const half_up: string[] = [];
    for (const one of served) {
      await t.test(one.name, async (t) => {
        const table = tableOf(await poll(t, one, POLL_MS_MAX), asHex);
        assert.ok(Object.keys(table.ports).length > 0, 'no port');
        assert.deepEqual(table, golden[one.place]);
        half_up.push(...table.half_up.map((port) => `${one.name} ${port}`));
      });
    }
    if (served.some(({ name }) => name === 'lnms__ciscosb_cbs350')) {
      assert.deepEqual(half_up, ['lnms__ciscosb_cbs350 23']);
    }
  });

  await t.test('old devices give the same over SNMPv1', async (t) => {
    if (!has(t, 'snmpwalk', 'snmp') || !has(t, 'python3', 'python3')) return;
    const old = served.filter(({ name }) => SPEAK_V1.has(name));
    const golden = await goldenTables(old, '1');
    for (const one of old) {
      const table = tableOf(await poll(t, one, POLL_MS_MAX, '1'), asHex);
      assert.deepEqual(table, golden[one.place], one.name);
    }
  });

  await t.test('what people found in them by hand is found', async (t) => {
    for (const one of served) {
      const known = KNOWN[one.name];
      if (known === undefined) continue;
      const table = tableOf(await poll(t, one, POLL_MS_MAX), asHex);
      const ports = Object.entries(table.ports);
      const count = (has_it: (port: GoldenPort) => boolean): number =>
        ports.filter(([, port]) => has_it(port)).length;
      const found = {
        ports: ports.length,
        with_64_bit: count(({ has_64_bit }) => has_64_bit),
        wrapped: count(({ has_64_bit, octets }) => has_64_bit && BigInt(octets ?? 0) >= 2n ** 32n),
        half_down: count(({ duplex, oper }) => duplex === 'half' && oper !== 'up'),
        no_speed_up: count((port) => port.physical && port.oper === 'up' && !port.speed_mbps),
        fcs: Object.fromEntries(
          ports
            .filter(([, port]) => port.fcs_errors)
            .map(([name, port]) => [name, port.fcs_errors]),
        ),
        late: count(({ late_collisions }) => (late_collisions ?? 0) > 0),
      };
      assert.deepEqual({ ...found, ...known }, found, one.name);
    }
  });

  await t.test('those that break the order of OIDs cost their own values only', async (t) => {
    const disordered = served.filter(goesBack);
    for (const [i, { path, recording }] of disordered.entries()) {
      const one = await serveRecording(t, path, `127.103.2.${i + 1}`, () =>
        fileOrderMib(recording),
      );
      const started_ms = monotonic();
      const polled = await poll(t, one, DISORDER_MS_MAX);
      assert.ok(monotonic() - started_ms < DISORDER_MS_MAX, one.name);
      assert.ok(polled.system.ok, one.name);
      for (const part of [polled.status, polled.traffic, polled.identity]) {
        assert.ok(part !== undefined && (part.ok || part.failed === 'not_increasing'), one.name);
      }
    }
  });
});
