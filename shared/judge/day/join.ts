import type { FinalInterval } from '../final.ts';
import type { Finding, Incident } from '../site/material.ts';
import type { JudgedWindow } from './types.ts';

/**
 * A kept window as the later one knows it: an incident over the cut may have been settled, or
 * joined to another one, only there, and unknown time over the cut explained. States never change.
 * Gives `earlier` itself where nothing changes: else its sums are to be taken again.
 */
export function settleWindow(earlier: JudgedWindow, later: JudgedWindow): JudgedWindow {
  const known = new Map(later.incidents.map((one) => [one.id, one]));
  const before = new Map(earlier.incidents.map((one) => [one.id, one]));
  const heads = headsOf(later);
  const renamed = renamedIn(earlier, heads, known);
  const intervals = earlier.intervals.map((one) => {
    const head = one.to_ms === later.from_ms ? heads.get(one.device) : undefined;
    if (one.state === 'unknown') return explained(one, head);
    const id = one.incident ?? '';
    const now = ownName(one, head) ?? renamed.get(id) ?? id;
    return newest(one, before.get(id), known.get(now));
  });
  const incidents = earlier.incidents
    .filter((one) => !renamed.has(one.id))
    .map((one) => newerOf(one, known.get(one.id)));
  const same =
    renamed.size === 0 &&
    intervals.every((one, k) => one === earlier.intervals[k]) &&
    incidents.every((one, k) => one === earlier.incidents[k]);
  return same ? earlier : { ...earlier, intervals, incidents };
}

/**
 * Windows that follow one another as one: intervals joined over the cuts, each incident and
 * finding by its newest word. Ascending; at least one.
 */
export function joinWindows(windows: readonly JudgedWindow[]): JudgedWindow {
  const settled: JudgedWindow[] = [];
  // From the newest back: what goes on over several cuts is told through all of them.
  for (const window of [...windows].reverse()) {
    const later = settled[0];
    settled.unshift(later === undefined ? window : settleWindow(window, later));
  }
  const incidents = new Map<string, Incident>();
  for (const one of settled.flatMap((window) => window.incidents)) incidents.set(one.id, one);
  return {
    from_ms: settled[0]?.from_ms ?? 0,
    to_ms: settled.at(-1)?.to_ms ?? 0,
    intervals: joinIntervals(settled),
    incidents: [...incidents.values()].sort(
      (a, b) => a.started_at_ms - b.started_at_ms || (a.id < b.id ? -1 : 1),
    ),
    findings: joinFindings(settled),
  };
}

/**
 * Incidents that go on under another name: what they would be joined to was not known to its end
 * when the earlier window was judged.
 */
function renamedIn(
  earlier: JudgedWindow,
  heads: ReadonlyMap<string, FinalInterval>,
  known: ReadonlyMap<string, Incident>,
): Map<string, string> {
  const cut_ms = earlier.to_ms;
  const out = new Map<string, string>();
  for (const one of earlier.intervals) {
    const head = heads.get(one.device);
    if (one.incident === null || known.has(one.incident) || one.to_ms !== cut_ms) continue;
    const name = ownName(one, head);
    if (name !== null && !out.has(one.incident)) out.set(one.incident, name);
  }
  return out;
}

/** The incident that an interval at the cut goes on with; null: it ends there, or is settled. */
function ownName(one: FinalInterval, head: FinalInterval | undefined): string | null {
  return one.settled || one.incident === null || head?.state !== one.state ? null : head.incident;
}

/** What each device goes on with at the cut; maintenance only lies over it. */
function headsOf(later: JudgedWindow): Map<string, FinalInterval> {
  const heads = new Map<string, FinalInterval>();
  const until = new Map<string, number | null>();
  for (const one of later.intervals) {
    const { device, from_ms, to_ms, state } = one;
    if (from_ms !== (until.get(device) ?? later.from_ms) || heads.has(device)) continue;
    if (state === 'maintenance') until.set(device, to_ms);
    else heads.set(device, one);
  }
  return heads;
}

function explained(one: FinalInterval, head: FinalInterval | undefined): FinalInterval {
  if (head?.state !== 'unknown' || head.reason !== one.reason) return one;
  // Without a cause it may be one gap with time behind maintenance, and explained by its end.
  if (one.settled && one.cause !== null) return one;
  const { cause, confidence } = head;
  const settled = one.settled || head.settled;
  if (cause === one.cause && confidence === one.confidence && settled === one.settled) return one;
  return { ...one, cause, confidence, settled };
}

function newest(
  one: FinalInterval,
  before: Incident | undefined,
  now: Incident | undefined,
): FinalInterval {
  if (now === undefined) return one;
  const settled = now.phase === 'settled';
  // What hides behind maintenance keeps that cause, and degraded time has none.
  const own = one.cause !== null && (one.cause === before?.cause || one.cause === now.cause);
  const cause = own ? now.cause : one.cause;
  const confidence = own ? now.confidence : one.confidence;
  const same =
    one.settled === settled &&
    one.incident === now.id &&
    one.cause === cause &&
    one.confidence === confidence;
  return same ? one : { ...one, incident: now.id, settled, cause, confidence };
}

function newerOf(one: Incident, now: Incident | undefined): Incident {
  return now === undefined || JSON.stringify(now) === JSON.stringify(one) ? one : now;
}

function joinIntervals(windows: readonly JudgedWindow[]): FinalInterval[] {
  const byDevice = new Map<string, FinalInterval[]>();
  for (const one of windows.flatMap((window) => window.intervals)) {
    const list = byDevice.get(one.device) ?? [];
    byDevice.set(one.device, list);
    const last = list.at(-1);
    if (last === undefined || !goesOn(last, one)) list.push(one);
    else {
      const { to_ms, latest_ms, settled } = one;
      list[list.length - 1] = { ...last, to_ms, latest_ms, settled };
    }
  }
  return [...byDevice.keys()].sort().flatMap((device) => byDevice.get(device) ?? []);
}

function goesOn(last: FinalInterval, one: FinalInterval): boolean {
  return (
    last.to_ms === one.from_ms &&
    last.state === one.state &&
    last.reason === one.reason &&
    last.incident === one.incident &&
    last.cause === one.cause &&
    last.confidence === one.confidence
  );
}

/** The same finding may stand in several windows, in the later ones with more behind it. */
function joinFindings(windows: readonly JudgedWindow[]): Finding[] {
  const out = new Map<string, Finding>();
  for (const one of windows.flatMap((window) => window.findings)) {
    out.set(JSON.stringify([one.what, one.device, one.port, one.from_ms]), one);
  }
  return [...out.values()].sort((a, b) => a.from_ms - b.from_ms);
}
