import type { FinalInterval } from '../final.ts';
import type { Fact } from '../site/facts.ts';
import { judgeSite } from '../site/judge-site.ts';
import type { Incident } from '../site/material.ts';
import { carryAt } from './carry.ts';
import { materialOf } from './material.ts';
import type { JudgedWindow, SiteCarry, WindowAsk } from './types.ts';

/**
 * Judges one window of a site from the rows of level 1: what a day row keeps, and live states
 * beyond it. Pure; the order of the lists does not matter. It judges from the carry's warm_ms on
 * and keeps [from_ms, to_ms): incidents and findings that touch it stand whole.
 */
export function judgeWindow(ask: WindowAsk): JudgedWindow {
  const { from_ms, to_ms } = ask;
  const { site } = materialOf(ask);
  const said = judgeSite(site);
  const incidents = said.incidents.map((one) => withBefore(one, ask.carry));
  const intervals = clipped(said.intervals, from_ms, Number.POSITIVE_INFINITY);
  return {
    from_ms,
    to_ms,
    intervals,
    incidents: incidents.filter((one) => endsAfter(one.ended_at_ms, from_ms)),
    findings: said.findings.filter((one) => endsAfter(one.to_ms, from_ms)),
    marks: said.marks,
  };
}

/**
 * Cuts a judged window at a local midnight: what is kept of [from, at), and what judging on from
 * there needs. At least WARM_MS of the window should lie before the cut, unless it is the first
 * one, and as much behind it. `judged` is as judgeWindow gave it.
 */
export function cutWindow(
  ask: WindowAsk,
  at_ms: number,
  judged: JudgedWindow,
): { kept: JudgedWindow; carry: SiteCarry } {
  const { settle_ms } = ask.documents.settings;
  const phases = new Map(judged.incidents.map((one) => [one.id, one.phase]));
  const isOver = at_ms + settle_ms <= judged.to_ms;
  const settled = (one: FinalInterval): boolean => {
    // Only of unknown time the cause may still be found later, wherever it began.
    if (one.settled || one.state === 'unknown' || !isOver) return one.settled;
    return (phases.get(one.incident ?? '') ?? 'settled') === 'settled';
  };
  const { from_ms } = judged;
  const kept: JudgedWindow = {
    from_ms,
    to_ms: at_ms,
    intervals: clipped(judged.intervals, from_ms, at_ms).map((one) => ({
      ...one,
      settled: settled(one),
    })),
    incidents: judged.incidents.filter((one) => one.started_at_ms < at_ms),
    findings: judged.findings.filter((one) => one.from_ms < at_ms),
  };
  return { kept, carry: carryAt(ask, at_ms, judged) };
}

/** Intervals of [from_ms, to_ms); a bound that lies beyond a cut goes with it. */
function clipped(
  intervals: readonly FinalInterval[],
  from_ms: number,
  to_ms: number,
): FinalInterval[] {
  return intervals.flatMap((one): FinalInterval[] => {
    const end_ms = one.to_ms ?? Number.POSITIVE_INFINITY;
    if (one.from_ms >= to_ms || end_ms <= from_ms) return [];
    const begins = one.from_ms >= from_ms;
    const ends = end_ms <= to_ms;
    if (begins && ends) return [one];
    return [
      {
        ...one,
        from_ms: begins ? one.from_ms : from_ms,
        to_ms: ends ? one.to_ms : to_ms,
        earliest_ms: begins ? one.earliest_ms : null,
        latest_ms: ends ? one.latest_ms : null,
      },
    ];
  });
}

/** An incident that goes on from before the window has its members of that time, too. */
function withBefore(incident: Incident, carry: SiteCarry | null): Incident {
  const before = carry?.incidents.find(({ id }) => id === incident.id);
  if (before === undefined || carry === null) return incident;
  const known = new Set([...before.roots, ...before.unreachable]);
  // What came back a little after its root went on as its own silence, but is no root of it.
  const roots = incident.roots.filter((code) => {
    const own = carry.devices[code]?.incident ?? null;
    return !known.has(code) || before.roots.includes(code) || own?.id !== incident.id;
  });
  return {
    ...incident,
    roots: unique([...before.roots, ...roots]),
    unreachable: unique([...before.unreachable, ...incident.unreachable]),
    facts: joinFacts(before.facts, incident.facts),
  };
}

function joinFacts(a: readonly Fact[], b: readonly Fact[]): readonly Fact[] {
  const known = new Set(a.map((fact) => JSON.stringify(fact)));
  return [...a, ...b.filter((fact) => !known.has(JSON.stringify(fact)))];
}

function unique(codes: readonly string[]): string[] {
  return [...new Set(codes)].sort();
}

function endsAfter(ended_ms: number | null, from_ms: number): boolean {
  return ended_ms === null || ended_ms > from_ms;
}
