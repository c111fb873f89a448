import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DevicePoll } from '../../agent/snmp/poll.ts';
import { type PortFacts, polledColumns, portFacts } from '../../agent/snmp/port-facts.ts';
import type { DeviceText } from '../../agent/snmp/value.ts';
import { RECORDING_COMMUNITY, type ServedRecording } from './snmprec-server.ts';

const run = promisify(execFile);
const GOLDEN = join(import.meta.dirname, '../golden');
/** A table of 146 ports is some 60 kB. */
const OUTPUT_BYTES_MAX = 2 ** 26;

/** One row; see test/golden/golden.py for its rules. */
export interface GoldenPort extends PortFacts {
  /** Input octets in the width that the port has, as decimal digits. */
  readonly octets: string | null;
  readonly last_change_ticks: number | null;
  readonly discontinuity_ticks: number | null;
}

type Texts = Readonly<Record<string, string>>;

/** What test/golden/golden.py writes of one device; texts are bytes in hexadecimal there. */
export interface GoldenTable {
  readonly uptime: Readonly<Record<string, number | null>>;
  readonly system: Texts;
  readonly half_up: readonly number[];
  readonly ports: Readonly<Record<string, GoldenPort>>;
  readonly texts: Readonly<Record<string, Texts>>;
}

async function python(script: string, args: readonly string[]): Promise<unknown> {
  const command = [join(GOLDEN, script), ...args];
  const { stdout } = await run('python3', command, { maxBuffer: OUTPUT_BYTES_MAX });
  return JSON.parse(stdout);
}

/** Tables of these devices by the programs of Net-SNMP, by `address:port`. */
export async function goldenTables(
  served: readonly ServedRecording[],
  version: '1' | '2c' = '2c',
): Promise<Record<string, GoldenTable>> {
  const places = served.map(({ place }) => place);
  return (await python('golden.py', [version, RECORDING_COMMUNITY, ...places])) as Record<
    string,
    GoldenTable
  >;
}

/** By path: rows that `snmpbulkwalk` saw, and OIDs that differ from the file. */
export async function rowsAsInFile(
  served: readonly ServedRecording[],
): Promise<Record<string, { rows: number; wrong: string[] }>> {
  const pairs = served.map(({ place, path }) => `${place}=${path}`);
  return (await python('rows.py', [RECORDING_COMMUNITY, ...pairs])) as Record<
    string,
    { rows: number; wrong: string[] }
  >;
}

function textsOf(
  texts: Readonly<Record<string, DeviceText | string | undefined>>,
  show: (text: DeviceText) => string,
): Texts {
  const found = Object.entries(texts).flatMap(([name, text]): [string, string][] =>
    text === undefined ? [] : [[name, typeof text === 'string' ? text : show(text)]],
  );
  return Object.fromEntries(found);
}

export const asHex = ({ raw }: DeviceText): string => Buffer.from(raw).toString('hex');
export const asText = ({ text }: DeviceText): string => text;

function portsOf(poll: DevicePoll): Record<string, GoldenPort> {
  const columns = polledColumns(poll);
  const number = (name: string, port: number): number | null => {
    const value = columns[name]?.get(port);
    return value === undefined ? null : Number(value);
  };
  return Object.fromEntries(
    [...portFacts(columns)].map(([port, facts]): [string, GoldenPort] => {
      const octets = columns[facts.has_64_bit ? 'ifHCInOctets' : 'ifInOctets']?.get(port);
      const row = {
        ...facts,
        octets: octets === undefined ? null : String(octets),
        last_change_ticks: number('ifLastChange', port),
        discontinuity_ticks: number('ifCounterDiscontinuityTime', port),
      };
      return [String(port), row];
    }),
  );
}

/**
 * The same table from a poll of our own. Throws where the poll or a part of it failed or was cut,
 * with the name of the part.
 */
export function tableOf(poll: DevicePoll, show: (text: DeviceText) => string): GoldenTable {
  const { system, status, etherlike, traffic, identity } = poll;
  for (const [name, part] of Object.entries({ system, status, etherlike, traffic, identity })) {
    if (part === undefined && name === 'etherlike') continue;
    if (part?.ok !== true) throw new Error(`${name}: ${part?.failed ?? 'left out'}`);
    if ('truncated' in part && part.truncated) throw new Error(`${name}: truncated`);
  }
  if (!system.ok || identity?.ok !== true) throw new Error('unreachable');
  const ports = portsOf(poll);
  return {
    uptime: { sysUpTime: system.sys_uptime_ticks, ...system.scalars },
    system: textsOf({ ...identity.system }, show),
    half_up: Object.entries(ports)
      .filter(([, { duplex, oper }]) => duplex === 'half' && oper === 'up')
      .map(([port]) => Number(port)),
    ports,
    texts: Object.fromEntries(
      [...identity.ports].map(([port, texts]) => [String(port), textsOf({ ...texts }, show)]),
    ),
  };
}
