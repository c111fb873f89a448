import type { DeviceKind } from '../../measure/codes.ts';
import type { SiteDocuments } from '../day/types.ts';
import type { DeviceWindow } from '../lists.ts';
import type { Span } from '../spans.ts';
import type { Judged } from './judged.ts';

type Versions = Pick<SiteDocuments, 'versions'>;

/** A device of a period, as the ledger's inventories tell of it: a removed one stands there, too. */
export interface FigureDevice {
  readonly code: string;
  /** Null: no inventory holds it. */
  readonly kind: DeviceKind | null;
  readonly groups: readonly string[];
  /** Somebody's: a computer in any inventory, or one of which no inventory says what it is. */
  readonly computer: boolean;
  /** Something was to be measured of it. */
  readonly measured: boolean;
}

interface Told extends FigureDevice {
  /** Some inventory of the period holds it. */
  readonly in_force: boolean;
}

/**
 * Devices of the inventories in force in the period and those that were still expected in it, the
 * newest inventory's first. What each is, the newest of these inventories says.
 */
export function figureDevices(
  { documents, windows, as_of }: Pick<Judged, 'documents' | 'windows' | 'as_of'>,
  period: Span,
): FigureDevice[] {
  const told = describe(documents, period);
  const expected = new Map<string, boolean>();
  for (const window of windows) {
    if (!touches(window, period, as_of.to_ms)) continue;
    const probed = window.interval_ms !== null || expected.get(window.device) === true;
    expected.set(window.device, probed);
  }
  const inventoried = [...told.values()]
    .filter(({ code, in_force }) => in_force || expected.has(code))
    .map(({ in_force, ...device }) => {
      return { ...device, measured: device.measured || expected.get(device.code) === true };
    });
  const others = [...expected.keys()].filter((code) => !told.has(code)).sort();
  return [...inventoried, ...others.map(unnamed)];
}

/** Whether there is such a device, now or before, that may be told of. */
export function isToldDevice(
  { documents, windows }: Pick<Judged, 'documents' | 'windows'>,
  code: string,
  hide_computers: boolean,
): boolean {
  const holders = documents.versions.flatMap(({ document }) =>
    document.devices.filter((device) => device.code === code),
  );
  if (hide_computers) return holders.length > 0 && !holders.some(({ kind }) => kind === 'pc');
  return holders.length > 0 || windows.some(({ device }) => device === code);
}

/** Codes that stay out of the sum over devices: upstream targets, and computers where hidden. */
export function leftOutOf(documents: Versions, period: Span, hide_computers: boolean): string[] {
  return [...describe(documents, period).values()]
    .filter((device) => !isSummed(device, hide_computers))
    .map(({ code }) => code);
}

/**
 * Upstream targets are not the site's own. Hidden computers are in no sum over all devices: the
 * other devices taken off it would leave them, and a few of them are a person.
 */
export function isSummed(
  { kind, computer }: Pick<FigureDevice, 'kind' | 'computer'>,
  hide_computers: boolean,
): boolean {
  return kind !== 'upstream' && !(hide_computers && computer);
}

/** The longest interval that was asked in the period: an outage has to be seen by it, too. */
export function longestInterval(
  { windows, as_of }: Pick<Judged, 'windows' | 'as_of'>,
  period: Span,
  device: string | null,
): number | null {
  let longest: number | null = null;
  for (const window of windows) {
    const { interval_ms } = window;
    if (window.device !== device || interval_ms === null) continue;
    if (touches(window, period, as_of.to_ms)) longest = Math.max(longest ?? 0, interval_ms);
  }
  return longest;
}

/** Every device of any inventory, by the newest one of the period, else by the newest of all. */
function describe({ versions }: Versions, period: Span): Map<string, Told> {
  const isInForce = (k: number): boolean => {
    // The first inventory also holds before.
    const begin_ms = k === 0 ? Number.NEGATIVE_INFINITY : (versions[k]?.from_ms ?? 0);
    const end_ms = versions[k + 1]?.from_ms ?? Number.POSITIVE_INFINITY;
    return begin_ms < period.to_ms && end_ms > period.from_ms;
  };
  const newestFirst = versions
    .map(({ document }, k) => ({ devices: document.devices, in_force: isInForce(k) }))
    .reverse();
  const computers = new Set<string>();
  for (const { devices } of newestFirst) {
    for (const { code, kind } of devices) if (kind === 'pc') computers.add(code);
  }
  const told = new Map<string, Told>();
  for (const in_force of [true, false]) {
    for (const version of newestFirst) {
      if (version.in_force !== in_force) continue;
      for (const { code, kind, groups, reachability } of version.devices) {
        if (told.has(code)) continue;
        const measured = reachability !== 'none' || kind === 'unmanaged-switch';
        const computer = computers.has(code);
        told.set(code, { code, kind, groups, computer, measured, in_force });
      }
    }
  }
  return told;
}

function unnamed(code: string): FigureDevice {
  return { code, kind: null, groups: [], computer: true, measured: true };
}

/** Whether it was expected in what has already happened of the period. */
function touches({ from_ms, to_ms }: DeviceWindow, period: Span, as_of_to_ms: number): boolean {
  const end_ms = Math.min(period.to_ms, as_of_to_ms);
  return Math.max(from_ms, period.from_ms) < Math.min(to_ms ?? end_ms, end_ms);
}
