import { createHash } from 'node:crypto';
import type { FinalInterval } from '../../../../shared/judge/final.ts';
import type { Fact } from '../../../../shared/judge/site/facts.ts';
import { judgeSite } from '../../../../shared/judge/site/judge-site.ts';
import type {
  BaseInterval,
  DeviceMaterial,
  SiteJudgement,
  SiteMaterial,
  SiteNode,
} from '../../../../shared/judge/site/material.ts';
import { DEFAULT_SETTINGS } from '../../../../shared/judge/site/settings.ts';
import type { UnknownReason } from '../../../../shared/judge/types.ts';

/** 2026-03-04T02:00:00Z, nine in the morning of a working day in Vietnam. */
export const T0 = Date.UTC(2026, 2, 4, 2);
export const at = (s: number) => T0 + s * 1000;

type Place = readonly [device: string, port: string] | null;
function node(
  code: string,
  kind: SiteNode['kind'],
  place: Place,
  more: Partial<SiteNode> = {},
): SiteNode {
  const attached = place === null ? null : { device: place[0], port: place[1] };
  const rtt_limit_ms = kind === 'upstream' ? 300 : 50;
  const plain = { agent: 'do-1', powered_by: 'mains', witnesses: [], groups: [] } as const;
  return { code, kind, attached, rtt_limit_ms, snmp: false, ...plain, ...more };
}

/**
 * gw ── core ──┬─ 4 agent do-1
 *              ├─ 5 cam-1   ├─ 7 pc-1   ├─ 9 ups
 *              ├─ 6 sw-2 ── 1 cam-2, 2 cam-3 (PoE), 3 pc-2, 4 printer
 *              └─ 8 uw (unmanaged) ── cam-4, cam-5, pc-3
 * outside gw: ref-1 and ref-2 (two operators, voting), app
 */
export const OFFICE: readonly SiteNode[] = [
  node('gw', 'gateway', null, { snmp: true }),
  node('core', 'switch', ['gw', '1'], { snmp: true }),
  node('sw-2', 'switch', ['core', '6'], { snmp: true }),
  node('uw', 'unmanaged-switch', ['core', '8'], { witnesses: ['cam-4', 'cam-5', 'pc-3'] }),
  node('cam-1', 'camera', ['core', '5']),
  node('cam-2', 'camera', ['sw-2', '1']),
  node('cam-3', 'camera', ['sw-2', '2'], { powered_by: 'poe' }),
  node('cam-4', 'camera', ['uw', '1']),
  node('cam-5', 'camera', ['uw', '2']),
  node('pc-1', 'pc', ['core', '7']),
  node('pc-2', 'pc', ['sw-2', '3']),
  node('pc-3', 'pc', ['uw', '3']),
  node('printer', 'printer', ['sw-2', '4']),
  node('ups', 'ups', ['core', '9']),
  node('nas', 'server', ['core', '10'], { powered_by: 'ups' }),
  node('ref-1', 'upstream', null, { powered_by: 'unknown' }),
  node('ref-2', 'upstream', null, { powered_by: 'unknown' }),
  node('app', 'upstream', null, { powered_by: 'unknown' }),
];

export const INTERVALS_S: Readonly<Record<SiteNode['kind'], number>> = {
  gateway: 1,
  switch: 1,
  server: 1,
  ups: 1,
  'unmanaged-switch': 0,
  printer: 5,
  'access-point': 5,
  camera: 5,
  recorder: 5,
  kiosk: 5,
  pc: 10,
  upstream: 10,
};

/** Seconds from T0; an end of null is open. */
export type Times = readonly (readonly [from_s: number, to_s: number | null])[];
export interface Story {
  readonly silent?: Readonly<Record<string, Times>>;
  readonly unknown?: Readonly<Record<string, readonly [number, number | null, UnknownReason][]>>;
  readonly facts?: readonly Fact[];
  readonly hours?: number;
  /** End of what is known, s; else `hours`. */
  readonly to_s?: number;
  readonly nodes?: readonly SiteNode[];
  readonly working?: Times;
  readonly maintenance?: Readonly<Record<string, Times>>;
  readonly device?: Readonly<Record<string, Partial<DeviceMaterial>>>;
  readonly around?: { readonly slots: number; readonly lost: number };
  readonly more?: Partial<SiteMaterial>;
}

export const all = (times: Times): Readonly<Record<string, Times>> =>
  Object.fromEntries(OFFICE.filter(({ code }) => code !== 'uw').map(({ code }) => [code, times]));

/** A device that answers whenever the story does not say otherwise. */
export function materialOf(story: Story): SiteMaterial {
  const to_s = story.to_s ?? (story.hours ?? 1) * 3600;
  const nodes = story.nodes ?? OFFICE;
  const devices = nodes.map(({ code, kind }): DeviceMaterial => {
    const interval_ms = INTERVALS_S[kind] * 1000;
    const base =
      kind === 'unmanaged-switch' ? [unprobed()] : baseOf(story, code, to_s, interval_ms);
    return {
      device: code,
      interval_ms,
      base,
      minutes: [],
      maintenance: spans(story.maintenance?.[code] ?? [], to_s),
      working: spans(story.working ?? [[-86_400, 86_400]], to_s + 86_400),
      carry: null,
      ...story.device?.[code],
    };
  });
  const agents = [{ code: 'do-1', attached: { device: 'core', port: '4' } }];
  return {
    site: 'socson-hq',
    from_ms: T0,
    to_ms: at(to_s),
    versions: [{ from_ms: T0 - 86_400_000, nodes, agents, links: [] }],
    devices,
    facts: story.facts ?? [],
    references: [
      { device: 'ref-1', operator: 'viettel', may_vote: true },
      { device: 'ref-2', operator: 'vnpt', may_vote: true },
    ],
    settings: DEFAULT_SETTINGS,
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    ...story.more,
  };
}

function unprobed(): BaseInterval {
  const bounds = { earliest_ms: null, latest_ms: null, around: null };
  return { from_ms: T0, to_ms: null, state: 'unknown', reason: 'never_answered', ...bounds };
}

function baseOf(story: Story, code: string, to_s: number, interval_ms: number): BaseInterval[] {
  const bad = [
    ...(story.silent?.[code] ?? []).map(([from, to]) => [from, to, 'silent'] as const),
    ...(story.unknown?.[code] ?? []),
  ]
    .filter(([from]) => from < to_s)
    .sort((a, b) => a[0] - b[0]);
  const out: BaseInterval[] = [];
  let now_s = 0;
  const up = (to_ms: number | null) => {
    const bounds = { reason: null, earliest_ms: null, latest_ms: null, around: null };
    out.push({ from_ms: at(now_s), to_ms, state: 'up', ...bounds });
  };
  for (const [from, end, what] of bad) {
    const to = end === null || end > to_s ? null : end;
    if (from > now_s) up(at(from));
    const silent = what === 'silent';
    out.push({
      from_ms: at(from),
      to_ms: to === null ? null : at(to),
      state: silent ? 'silent' : 'unknown',
      reason: silent ? null : what,
      earliest_ms: silent ? at(from) - interval_ms + 100 : null,
      latest_ms: silent && to !== null ? at(to) + 100 : null,
      around: silent ? (story.around ?? null) : null,
    });
    now_s = to ?? to_s;
  }
  if (now_s < to_s) up(null);
  return out;
}

function spans(times: Times, to_s: number) {
  return times.map(([from, to]) => ({ from_ms: at(from), to_ms: at(to ?? to_s) }));
}

let seq = 0;
type Without<T> = T extends unknown ? Omit<T, 'from_ms' | 'to_ms' | 'pointer'> : never;
/** A fact that happened between two instants, s. */
export function fact(from_s: number, body: Without<Fact>, to_s = from_s): Fact {
  seq += 1;
  const pointer = { agent: 'do-1', epoch: 1, seq };
  return { ...body, from_ms: at(from_s), to_ms: at(to_s), pointer } as Fact;
}

export class Judged {
  readonly said: SiteJudgement;
  constructor(story: Story) {
    this.said = judgeSite(materialOf(story));
  }
  of(device: string): readonly FinalInterval[] {
    return this.said.intervals.filter((one) => one.device === device);
  }
  /** [from s, to s, state] of one device. */
  states(device: string): [number, number | null, string][] {
    return this.of(device).map(({ from_ms, to_ms, state }) => [
      (from_ms - T0) / 1000,
      to_ms === null ? null : (to_ms - T0) / 1000,
      state,
    ]);
  }
  /** The state at an instant with its cause and confidence, as one word. */
  at(device: string, s: number): string {
    const found = this.of(device).find(
      ({ from_ms, to_ms }) => from_ms <= at(s) && at(s) < (to_ms ?? Number.POSITIVE_INFINITY),
    );
    if (found === undefined) return 'none';
    const { state, cause, confidence } = found;
    return cause === null ? state : `${state} ${cause} ${confidence}`;
  }
  /** Causes with confidence and roots of all incidents. */
  causes(): string[] {
    return this.said.incidents.map(
      ({ cause, confidence, roots }) => `${cause} ${confidence} ${roots.join('+')}`,
    );
  }
}
