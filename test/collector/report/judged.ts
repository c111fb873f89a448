import { createHash } from 'node:crypto';
import { byIncident, incidentOfKey, newestWords } from '../../../shared/judge/day/corrected.ts';
import { readSiteDocuments } from '../../../shared/judge/day/documents.ts';
import type { OutageKey, SiteDocuments } from '../../../shared/judge/day/types.ts';
import type { FinalInterval } from '../../../shared/judge/final.ts';
import type { DayRow, Judged } from '../../../shared/judge/period/judged.ts';
import type { Incident } from '../../../shared/judge/site/material.ts';
import type { SiteDocument } from '../../../shared/measure/site-document.ts';
import { interval } from '../../shared/judge/figures/world.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** Monday 2026-06-01 00:00 in Vietnam. */
export const MONDAY = Date.parse('2026-06-01T00:00:00+07:00');

/** A gateway, a core switch with an unmanaged one behind it, a server, two desks, a web site. */
const KINDS = {
  gw: 'gateway',
  'sw-1': 'switch',
  'sw-2': 'unmanaged-switch',
  srv: 'server',
  'pc-1': 'pc',
  'pc-2': 'pc',
  web: 'upstream',
} as const;
export type Code = keyof typeof KINDS;
export const CODES = Object.keys(KINDS) as Code[];

const ATTACHED: Readonly<Partial<Record<Code, { device: Code; port: string }>>> = {
  'sw-1': { device: 'gw', port: '1' },
  'sw-2': { device: 'sw-1', port: '2' },
  srv: { device: 'sw-1', port: '3' },
  'pc-1': { device: 'sw-1', port: '4' },
  'pc-2': { device: 'sw-2', port: '1' },
};

const DEVICES = CODES.map((code) => ({
  code,
  kind: KINDS[code],
  groups: code.startsWith('pc') ? ['mot-cua'] : [],
  reachability: code === 'sw-2' ? ('none' as const) : ('icmp' as const),
}));

export function siteDocument(): SiteDocument {
  const timing = { interval_ms: 1_000, timeout_ms: 800 };
  return {
    ...{ v: 1, log: 'demo/1', site: 's', unit: 'u', version: 1, issued_ms: 0, author: 'a' },
    calendar: 'hanh-chinh',
    workplaces: { 'mot-cua': 8 },
    agents: [{ code: 'do-1', attached: { device: 'sw-1', port: '9' } }],
    devices: DEVICES.map(({ code, kind, groups, reachability }) => {
      const attached = ATTACHED[code];
      return {
        ...{ code, kind, agent: 'do-1', reachability, groups },
        ...(attached === undefined ? {} : { attached }),
        ...{ powered_by: 'mains', witnesses: code === 'sw-2' ? ['pc-2'] : [], rtt_limit_ms: 50 },
        probes: { icmp: timing, tcp: [], dns: [], http: [] },
        generation: 1,
      };
    }),
  };
}

export function documents(more: Partial<SiteDocuments> = {}): SiteDocuments {
  const read = readSiteDocuments([]);
  return { ...read, versions: [{ from_ms: 0, document: siteDocument() }], ...more };
}

/** Time of one device as a test writes it: hours after MONDAY, state and what is said of it. */
export function at(
  device: Code,
  from_h: number,
  to_h: number | null,
  state: FinalInterval['state'],
  more: Partial<FinalInterval> = {},
): FinalInterval {
  const to_ms = to_h === null ? null : MONDAY + to_h * HOUR;
  return interval(MONDAY + from_h * HOUR, to_ms, state, { device, ...more });
}

export function incident(id: string, roots: Code[], more: Partial<Incident> = {}): Incident {
  return {
    ...{ id: idOf(id), kind: 'outage', phase: 'settled', cause: 'lan_switch' },
    ...{ confidence: 'inferred', roots, unreachable: [], facts: [] },
    ...{ started_at_ms: MONDAY, started_earliest_ms: null },
    ...{ ended_at_ms: MONDAY + HOUR, ended_latest_ms: null, ...more },
  };
}

export function idOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

/** What the judge said, with every device expected from a week before MONDAY on. */
export function judgedOf(
  intervals: readonly FinalInterval[],
  to_h: number,
  more: Partial<Judged> & { readonly days?: readonly DayRow[] } = {},
): Judged {
  const to_ms = MONDAY + to_h * HOUR;
  const sorted = [...intervals].sort((a, b) =>
    a.device === b.device ? a.from_ms - b.from_ms : a.device < b.device ? -1 : 1,
  );
  const { remarks, reclassifications } = more.documents ?? documents();
  const incidentOf = (key: OutageKey) => incidentOfKey(sorted, key);
  return {
    days: [],
    intervals: sorted,
    incidents: [],
    findings: [],
    reclassified: newestWords(reclassifications, incidentOf),
    remarked: byIncident(remarks, incidentOf),
    windows: CODES.toSorted().map((device) => ({
      ...{ device, agent: 'do-1', from_ms: MONDAY - 7 * DAY, to_ms: null },
      interval_ms: device === 'sw-2' ? null : 1_000,
    })),
    closed: new Map([['do-1', { ms: to_ms, pending: false }]]),
    documents: documents(),
    as_of: { log: 'demo/1', size: 9, to_ms, at_ms: to_ms + MINUTE },
    ...more,
  };
}

/** A reader that gives what touches the period, as the judge's does. */
export function reader(whole: Judged) {
  const asked: number[] = [];
  return {
    asked,
    incident: async (_: string, id: string): Promise<Incident | null> =>
      whole.incidents.find((one) => one.id === id) ?? null,
    judged: async (_: string, from_ms: number, to_ms: number): Promise<Judged> => {
      asked.push(from_ms);
      const touches = (from: number, to: number | null) =>
        from < to_ms && (to ?? Number.POSITIVE_INFINITY) > from_ms;
      return {
        ...whole,
        intervals: whole.intervals.filter((one) => touches(one.from_ms, one.to_ms)),
        incidents: whole.incidents.filter((one) => touches(one.started_at_ms, one.ended_at_ms)),
      };
    },
  };
}
