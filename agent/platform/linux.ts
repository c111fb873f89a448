import { readdirSync, readFileSync } from 'node:fs';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { everyBeats } from '../beat.ts';
import { KeptFile } from './kept-file.ts';
import { readClockSync } from './linux-clock-sync.ts';
import { readNeighbours } from './linux-neighbours.ts';
import {
  carrierIn,
  carrierPath,
  findDefaultNic,
  findOnLink,
  readCarrierFacts,
  readNics,
} from './linux-nics.ts';
import type { ClockEvent, Platform } from './platform.ts';
import { type RunCommand, runCommand } from './run-command.ts';
import { ClockWatch } from './watch-clock.ts';

/** 200 ms: a cord pulled for a moment is seen; reading one small file costs nothing. */
const CARRIER_BEATS = 1;
/** 200 ms; wall − monotonic is watched at this cadence. */
const CLOCK_BEATS = 1;

/** Where the platform looks; tests give a tree of their own. */
export interface LinuxOptions {
  /** Folder that holds `proc` and `sys`; default `/`. */
  readonly root?: string;
  readonly interfaces?: () => NodeJS.Dict<NetworkInterfaceInfo[]>;
  readonly run?: RunCommand;
  readonly wall_ms?: () => number;
  readonly monotonic_ms?: () => number;
}

/** Linux: clocks, interfaces, carrier and line power from /proc and /sys. */
export function createLinuxPlatform(options: LinuxOptions = {}): Platform {
  const root = options.root ?? '/';
  const interfaces = options.interfaces ?? networkInterfaces;
  const run = options.run ?? runCommand;
  const wall_ms = options.wall_ms ?? (() => Date.now());
  const monotonic_ms = options.monotonic_ms ?? hrtime_ms;
  const uptime = new KeptFile(join(root, 'proc/uptime'));
  const boottime_ms = (): number => Number(uptime.read()?.split(' ')[0]) * 1000;
  return {
    name: 'linux',
    monotonic_ms,
    wall_ms,
    boottime_ms,
    bootId: () => readFileSync(join(root, 'proc/sys/kernel/random/boot_id'), 'utf8').trim(),
    clockSync: () => readClockSync(run),
    nics: () => readNics(root, interfaces()),
    defaultNic: () => findDefaultNic(root),
    onAcLine: () => readAcLine(root),
    onLink: (address) => findOnLink(address, interfaces()),
    neighbours: () => readNeighbours(root),
    carrier: (nic) => readCarrierFacts(root, nic),
    watchCarrier: (nic, changed, signal) => {
      const file = new KeptFile(carrierPath(root, nic));
      let last: boolean | null | undefined;
      every(CARRIER_BEATS, signal, () => {
        const carrier = carrierIn(file.read());
        if (carrier !== last) changed(carrier);
        last = carrier;
      });
      signal.addEventListener('abort', () => file.close(), { once: true });
    },
    watchClock: (happened, signal) => {
      const watch = new ClockWatch();
      every(CLOCK_BEATS, signal, () => {
        const sample = {
          monotonic_ms: monotonic_ms(),
          wall_ms: wall_ms(),
          boottime_ms: boottime_ms(),
        };
        for (const event of watch.sample(sample)) happened(event satisfies ClockEvent);
      });
    },
  };
}

/** process.hrtime reads CLOCK_MONOTONIC on Linux. */
function hrtime_ms(): number {
  const [s, ns] = process.hrtime();
  return s * 1000 + ns / 1e6;
}

function every(beats: number, signal: AbortSignal, look: () => void): void {
  if (signal.aborted) return;
  look();
  everyBeats(beats, signal, look);
}

/** `online` of every mains supply; with none of them a discharging battery tells, else null. */
function readAcLine(root: string): boolean | null {
  const folder = join(root, 'sys/class/power_supply');
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return null;
  }
  const read = (name: string, file: string): string | null => {
    try {
      return readFileSync(join(folder, name, file), 'utf8').trim();
    } catch {
      return null;
    }
  };
  const mains = names.filter((name) => read(name, 'type') === 'Mains');
  const online = mains.map((name) => read(name, 'online')).filter((text) => text !== null);
  if (online.length > 0) return online.includes('1');
  const states = names
    .filter((name) => read(name, 'type') === 'Battery' && read(name, 'scope') !== 'Device')
    .map((name) => read(name, 'status'));
  if (states.includes('Discharging')) return false;
  return states.some((state) => state === 'Charging' || state === 'Full') ? true : null;
}
