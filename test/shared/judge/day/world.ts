import { createHash } from 'node:crypto';
import { hanhChinh } from '../../../../shared/calendar/hanh-chinh.ts';
import { WARM_MS } from '../../../../shared/judge/day/material.ts';
import type {
  MaintenanceWindow,
  SiteCarry,
  SiteDocuments,
  WindowAsk,
} from '../../../../shared/judge/day/types.ts';
import type { DeviceWindow } from '../../../../shared/judge/lists.ts';
import type { SeenRow } from '../../../../shared/judge/observe/types.ts';
import type { Fact } from '../../../../shared/judge/site/facts.ts';
import type { SiteNode } from '../../../../shared/judge/site/material.ts';
import { DEFAULT_SETTINGS } from '../../../../shared/judge/site/settings.ts';
import type { SlotRun, StateInterval } from '../../../../shared/judge/types.ts';
import type { SiteDocument } from '../../../../shared/measure/site-document.ts';
import { at, OFFICE, T0 } from '../site/world.ts';
import { type Change, type Code, runsOf, statesOf } from './level-one.ts';

export { at, T0 };

/** What happened, as slots: a device answers whenever nothing else is said. Later changes win. */
export interface History {
  readonly end_s: number;
  readonly changes: Readonly<Record<string, readonly Change[]>>;
  readonly facts?: readonly Fact[];
  /** Minutes since T0 in which the p95 was too long. */
  readonly slow?: Readonly<Record<string, readonly number[]>>;
  readonly maintenance?: readonly MaintenanceWindow[];
  /** Leaf → seconds since T0 at which a batch had seen it. */
  readonly known?: readonly (readonly [leaf: number, s: number])[];
  readonly nodes?: readonly SiteNode[];
  /** When a device stood in no list. */
  readonly absent?: Readonly<Record<string, readonly [from_s: number, to_s: number]>>;
  readonly interval_s?: (node: SiteNode) => number;
}

function intervalOf({ kind }: SiteNode): number {
  if (kind === 'unmanaged-switch') return 0;
  return kind === 'pc' || kind === 'printer' ? 30 : 10;
}

function slotsOf(history: History, node: SiteNode): Code[] {
  const step_s = (history.interval_s ?? intervalOf)(node);
  const codes: Code[] = Array.from({ length: history.end_s / step_s }, () => 'r');
  for (const [from_s, to_s, code, every] of history.changes[node.code] ?? []) {
    for (let k = Math.ceil(from_s / step_s); k * step_s < Math.min(to_s, history.end_s); k++) {
      if (code !== 'lossy') codes[k] = code;
      else if (k % (every ?? 5) === 0) codes[k] = 'n';
    }
  }
  return codes;
}

function documentOf(nodes: readonly SiteNode[]): SiteDocument {
  return {
    v: 1,
    log: 'socson.example/lanproof',
    site: 'socson-hq',
    unit: 'socson',
    version: 1,
    issued_ms: T0 - 86_400_000,
    author: 'operator',
    calendar: 'hanh-chinh',
    workplaces: { 'phong-1': 4, 'phong-2': 3, 'phong-3': 2 },
    agents: [{ code: 'do-1', attached: { device: 'core', port: '4' } }],
    devices: nodes.map((node) => ({
      code: node.code,
      kind: node.kind,
      agent: node.agent,
      reachability: node.kind === 'unmanaged-switch' ? 'none' : 'icmp',
      ...(node.attached === null
        ? {}
        : { attached: { device: node.attached.device, ...portOf(node.attached.port) } }),
      groups: node.groups,
      powered_by: node.powered_by,
      witnesses: node.witnesses,
      rtt_limit_ms: node.rtt_limit_ms,
      probes: {
        ...(node.snmp ? { snmp: { interval_ms: 60_000, timeout_ms: 1000 } } : {}),
        tcp: [],
        dns: [],
        http: [],
      },
      generation: 1,
    })),
  };
}

function portOf(port: string | null): { port?: string } {
  return port === null ? {} : { port };
}

const GROUPS: Readonly<Record<string, string>> = {
  'ref-1': 'viettel',
  'ref-2': 'vnpt',
  'pc-1': 'phong-1',
  'pc-2': 'phong-2',
};
export const NODES: readonly SiteNode[] = OFFICE.map((node) => {
  const group = GROUPS[node.code];
  return group === undefined ? node : { ...node, groups: [group] };
});

export function documentsOf(history: History): SiteDocuments {
  return {
    versions: [{ from_ms: T0 - 86_400_000, document: documentOf(history.nodes ?? NODES) }],
    calendar: hanhChinh('2026a'),
    calendar_ref: null,
    settings_ref: null,
    settings: DEFAULT_SETTINGS,
    links: [],
    maintenance: history.maintenance ?? [],
    remarks: [],
    reclassifications: [],
    declarations: [],
  };
}

/** Level 1 of the whole history, once. */
export interface Rows {
  readonly states: readonly StateInterval[];
  readonly runs: readonly SlotRun[];
  readonly windows: readonly DeviceWindow[];
  readonly seen: readonly SeenRow[];
  readonly documents: SiteDocuments;
  readonly end_ms: number;
}

export function rowsOf(history: History): Rows {
  const states: StateInterval[] = [];
  const runs: SlotRun[] = [];
  const windows: DeviceWindow[] = [];
  for (const node of history.nodes ?? NODES) {
    const device = node.code;
    const step_s = (history.interval_s ?? intervalOf)(node);
    const interval_ms = step_s === 0 ? null : step_s * 1000;
    const codes = step_s === 0 ? [] : slotsOf(history, node);
    for (const [from_s, to_s] of presentIn(history, device)) {
      const [from_ms, to_ms] = [at(from_s), to_s === null ? null : at(to_s)];
      windows.push({ device, agent: 'do-1', from_ms, to_ms, interval_ms });
      if (step_s === 0) continue;
      const own = codes.slice(from_s / step_s, to_s === null ? undefined : to_s / step_s);
      states.push(...statesOf(device, own, step_s, from_s, to_ms));
    }
    if (codes.some((code) => code !== 'r')) runs.push(...runsOf(device, codes, step_s));
  }
  return {
    states,
    runs,
    windows,
    seen: seenOf(history),
    documents: documentsOf(history),
    end_ms: at(history.end_s),
  };
}

function presentIn(
  { absent }: History,
  device: string,
): (readonly [from_s: number, to_s: number | null])[] {
  const gap = absent?.[device];
  if (gap === undefined) return [[0, null]];
  const [from_s, to_s] = gap;
  return from_s === 0
    ? [[to_s, null]]
    : [
        [0, from_s],
        [to_s, null],
      ];
}

function seenOf({ facts, slow, known }: History): SeenRow[] {
  const out: SeenRow[] = (facts ?? []).map((fact, k) => {
    return { key: `fact/${k}`, from_ms: fact.from_ms, to_ms: fact.to_ms, seen: fact };
  });
  for (const [device, minutes] of Object.entries(slow ?? {})) {
    for (const minute of new Set(minutes)) {
      const at_ms = at(minute * 60);
      const seen = { what: 'slow', device, at_ms, p95_us: 400_000 } as const;
      out.push({ key: `slow/${device}/${at_ms}`, from_ms: at_ms, to_ms: at_ms + 60_000, seen });
    }
  }
  for (const [leaf, s] of known ?? []) {
    const seen = { what: 'document_seen', leaf, at_ms: at(s) } as const;
    out.push({ key: `document/${leaf}`, from_ms: at(s), to_ms: at(s), seen });
  }
  return out;
}

const HOUR_MS = 3_600_000;

/** What a reader of the store gives for a window: no more than the contract says. */
export function askOf(
  rows: Rows,
  from_ms: number,
  to_ms: number,
  carry: SiteCarry | null,
): WindowAsk {
  const touch = (a_ms: number, b_ms: number | null, reach_ms: number) =>
    a_ms < to_ms && (b_ms ?? Number.POSITIVE_INFINITY) > from_ms - reach_ms;
  const outside = new Set(['ref-1', 'ref-2', 'app']);
  return {
    site: 'socson-hq',
    from_ms,
    to_ms,
    carry,
    states: rows.states.filter((one) => touch(one.from_ms, one.to_ms, 2 * HOUR_MS)),
    windows: rows.windows,
    runs: rows.runs.filter((run) =>
      touch(run.from_ms, run.from_ms + run.slots * run.interval_ms, WARM_MS + 600_000),
    ),
    seen: rows.seen.filter(
      (row) =>
        row.seen.what === 'document_seen' ||
        (row.from_ms <= to_ms && row.to_ms >= from_ms - 24 * HOUR_MS),
    ),
    references: rows.states.filter(
      (one) => outside.has(one.device) && touch(one.from_ms, one.to_ms, 25 * HOUR_MS),
    ),
    documents: rows.documents,
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
  };
}
