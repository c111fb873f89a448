import { resolve } from 'node:path';
import { LanProofError } from '../../shared/errors.ts';
import { readArguments, usage } from '../cli/command.ts';
import { NET_DEFAULT } from './sites.ts';

export const DEMO_USAGE = `usage: npm run demo -- [options]

A collector, two agents and two virtual commune offices on this machine alone. It listens on
127.0.0.1 and sends packets to loopback addresses only.

  --port N    port of the dashboard, default 8080
  --days N    days of modelled history on the first run, 0 to 31, default 7
  --fresh     delete the data of an earlier demo first
  --data DIR  where everything is kept, default ./data/demo
  --net N     devices are 127.N.1.1 and so on, 1 to 254, default 10
  --help      this text

What happens, by a script that the terminal tells ahead (Vietnamese and English):
  every 15 minutes  Đồng Phú: sw-tang2, ap-1 (flapping) and may-chu fail, damaged frames on the
                    port of pc-vp-3; Tân Lập: sw-2 and camera-1 fail
  every 30 minutes  Đồng Phú: mains away for 40 s, the agent goes on on its UPS, switches restart;
                    Tân Lập: WAN cut for two minutes, what was measured arrives after it;
                    pc-vp-1 gets another address by DHCP, the agent finds it by its MAC
  all the time      Đồng Phú: the port of may-in-1 negotiated half duplex
  in the history    three long power cuts at Đồng Phú, two WAN cuts at Tân Lập

Ctrl-C stops all of it. A later start goes on with the same data.`;

export interface DemoOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly days: number;
  readonly fresh: boolean;
  /** Absolute. */
  readonly data_dir: string;
  /** Devices live in 127.net.0.0/16. */
  readonly net: number;
}

const PORT_DEFAULT = 8_080;
const PORT_MAX = 65_535;
const DAYS_DEFAULT = 7;
/** A month fills in within minutes; more would only make a person wait. */
const DAYS_MAX = 31;
const NET_MAX = 254;

/** Reads the command line of the demo. Throws LanProofError USAGE. */
export function readDemoOptions(args: readonly string[], cwd: string): DemoOptions {
  const read = readArguments(args, {
    port: { type: 'string' },
    days: { type: 'string' },
    fresh: { type: 'boolean' },
    data: { type: 'string' },
    net: { type: 'string' },
  });
  return {
    port: number('port', read.text('port'), PORT_DEFAULT, 0, PORT_MAX),
    days: number('days', read.text('days'), DAYS_DEFAULT, 0, DAYS_MAX),
    fresh: read.flag('fresh'),
    data_dir: resolve(cwd, read.text('data') ?? 'data/demo'),
    net: number('net', read.text('net'), NET_DEFAULT, 1, NET_MAX),
  };
}

/** A port that is taken, as an error with the way out. */
export function portInUse(port: number, cause: unknown): LanProofError {
  return new LanProofError('PORT_IN_USE', `something else listens on 127.0.0.1:${port}`, {
    hint: 'stop it (perhaps another demo), or choose a port: npm run demo -- --port 8081',
    place: `127.0.0.1:${port}`,
    cause,
  });
}

function number(
  name: string,
  text: string | undefined,
  otherwise: number,
  min: number,
  max: number,
): number {
  if (text === undefined) return otherwise;
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usage(`--${name} ${text} is no whole number from ${min} to ${max}`);
}
