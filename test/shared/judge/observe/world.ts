import { createJudgeState, foldInput } from '../../../../shared/judge/judge.ts';
import type { SeenRow } from '../../../../shared/judge/observe/types.ts';
import type { JudgeState } from '../../../../shared/judge/state.ts';
import type { JudgeInput } from '../../../../shared/judge/types.ts';
import type {
  AgentEvent,
  BatchHeader,
  CheckPart,
  HostPart,
  ResultSection,
  RttColumns,
  SeriesPart,
  SnmpPart,
} from '../../../../shared/measure/batch.ts';
import type { DeviceKind } from '../../../../shared/measure/codes.ts';
import { encodeRuns } from '../../../../shared/measure/runs.ts';
import type { SiteDocument } from '../../../../shared/measure/site-document.ts';
import type { PublicTarget, TargetList } from '../../../../shared/measure/targets.ts';
import { HASH, HEADER } from '../../measure/example.ts';
import { type Poll, snmpOf } from './snmp-writer.ts';

/** A UTC hour; the machine was started a little before. */
export const T0 = 1_790_002_800_000;
export const MINUTE = 60_000;
/** Monotonic time of T0. */
export const BOOT_MONO_MS = 100_000;
const BOOT_MS = T0 - BOOT_MONO_MS;

/** What an agent measures from T0 on, second by second. */
export interface Life {
  readonly kinds: Readonly<Record<string, DeviceKind>>;
  readonly seconds: number;
  /** Code letters of the small echo, 1 s, and of the large one, 10 s; the last one goes on. */
  readonly small?: Readonly<Record<string, string>>;
  readonly large?: Readonly<Record<string, string>>;
  /** p95 of a minute, µs, in turns. */
  readonly p95?: Readonly<Record<string, readonly number[]>>;
  readonly polls?: Readonly<Record<string, readonly Poll[]>>;
  readonly checks?: readonly (CheckPart & { readonly code: string })[];
  readonly events?: readonly (AgentEvent & { readonly s: number })[];
  /** The host as it is from a second on. */
  readonly hosts?: readonly (Partial<HostPart> & { readonly s: number })[];
  /** Where the clock is synchronised from on; default: always. */
  readonly sync_s?: number;
  readonly boot?: string;
}

export const HOST: HostPart = {
  ...{ carrier: true, carrier_changes: 0, speed_mbps: 1_000, duplex: 'full' },
  ...{ rx_frames: 0, ac_line: true },
};

export function listOf(kinds: Life['kinds'], version = 1): TargetList {
  const targets = Object.entries(kinds).map(
    ([code, kind]): PublicTarget => ({
      ...{ code, kind, own: true, reachability: 'icmp', commitment: HASH },
      probes: { icmp: { interval_ms: 1_000, timeout_ms: 800 } },
    }),
  );
  return { v: 1, version, site: 's', agent: 'do-1', log: 'l', issued_ms: T0, targets };
}

export function siteOf(
  kinds: Life['kinds'],
  attached: Readonly<Record<string, { device: string; port?: string }>> = {},
  limits: Readonly<Record<string, number>> = {},
): SiteDocument {
  const place = (code: string) =>
    attached[code] === undefined ? {} : { attached: attached[code] };
  return {
    ...{ v: 1, log: 'l', site: 's', unit: 'u', version: 1, issued_ms: T0 - MINUTE, author: 'a' },
    ...{ calendar: 'c', workplaces: {} },
    agents: [{ code: 'do-1', ...place('do-1') }],
    devices: Object.entries(kinds).map(([code, kind]) => ({
      ...{ code, kind, agent: 'do-1', reachability: 'icmp', ...place(code), groups: [] },
      ...{ powered_by: 'mains', witnesses: [], rtt_limit_ms: limits[code] ?? 50, generation: 1 },
      probes: { tcp: [], dns: [], http: [] },
    })),
  };
}

/** The ledger of a life, sealed at these seconds besides its end. */
export class Ledger {
  readonly inputs: JudgeInput[] = [];
  #seq = 0;

  constructor(kinds: Life['kinds'], site?: SiteDocument) {
    this.inputs.push({ kind: 'enrol', leaf: 0, agent: 'do-1', epoch: 1 });
    if (site !== undefined) this.add({ kind: 'site', document: site });
    this.add({ kind: 'targets', agent: 'do-1', hash: 'h1', list: listOf(kinds) });
  }

  add(
    input: JudgeInput extends infer I ? (I extends JudgeInput ? Omit<I, 'leaf'> : never) : never,
  ) {
    this.inputs.push({ ...input, leaf: this.inputs.length } as JudgeInput);
    return this;
  }

  lose(reason: 'spool_limit' | 'disk_full' | 'lost_disk' = 'lost_disk'): this {
    this.#seq++;
    const at = { from_seq: this.#seq, to_seq: this.#seq };
    return this.add({ kind: 'hole', agent: 'do-1', epoch: 1, ...at, reason });
  }

  live(life: Life, from_s: number, cuts: readonly number[], more: Partial<BatchHeader> = {}): this {
    const { events: _, ...plain } = more;
    let begin_s = from_s;
    const ends = cuts.filter((s) => s > from_s && s < life.seconds);
    for (const end_s of [...new Set(ends)].sort((a, b) => a - b).concat(life.seconds)) {
      this.#seq++;
      const header = headerOf(life, begin_s, end_s, this.#seq, begin_s === from_s);
      this.add({
        ...{ kind: 'batch', recv_ms: T0 + end_s * 1_000 + 400, agent: 'do-1', epoch: 1 },
        ...{ seq: this.#seq, header: { ...header, ...plain }, fault: null },
        sections: [sectionOf(life, begin_s, end_s)],
      });
      begin_s = end_s;
    }
    return this;
  }
}

function headerOf(life: Life, from_s: number, to_s: number, seq: number, first: boolean) {
  const events = (life.events ?? [])
    .filter(({ s }) => s >= from_s && s < to_s)
    .map(({ s, ...event }) => ({ ...event, mono_ms: mono(s) }));
  const sync_s = life.sync_s ?? 0;
  const sync = sync_s < to_s && (first || sync_s >= from_s);
  const unsure = first && sync_s > from_s;
  const wrong = {
    mono_ms: 0,
    wall_ms: 77_000,
    source: 'none',
    sync: false,
    error_ms: null,
  } as const;
  const right = {
    mono_ms: 0,
    wall_ms: BOOT_MS,
    source: 'kernel',
    sync: true,
    error_ms: 1,
  } as const;
  // What an agent says by the clock that it has.
  const off_ms = to_s <= sync_s ? 77_000 - BOOT_MS : 0;
  const at_ms = T0 + to_s * 1_000 + off_ms;
  const clock = [...(unsure ? [wrong] : []), ...(sync ? [right] : [])];
  const header: BatchHeader = {
    ...{ ...HEADER, epoch: 1, seq, run: 'r1', boot: life.boot ?? 'b1', clock, events },
    ...{ list: { version: 1, hash: 'h1' }, seen: { log: 'l', size: 0 } },
    ...{ sealed_ms: at_ms, closed_to_ms: at_ms },
  };
  return header;
}

function mono(s: number): number {
  return T0 - BOOT_MS + s * 1_000;
}

function sectionOf(life: Life, from_s: number, to_s: number): ResultSection {
  const codes = Object.keys(life.kinds);
  const index = (code: string) => codes.indexOf(code);
  const series: SeriesPart[] = codes.flatMap((code) => {
    const small = letters(life.small?.[code] ?? 'r', 1, from_s, to_s);
    const p95 = minuteOf(life, code, from_s, to_s);
    const parts: SeriesPart[] = [
      { ...small, probe: 'icmp', targets: [index(code)], ...(p95 === null ? {} : { rtt: p95 }) },
    ];
    const large = life.large?.[code];
    if (large === undefined) return parts;
    const part = letters(large, 10, from_s, to_s);
    if (part.n > 0) parts.push({ ...part, probe: 'echo_large', targets: [index(code)] });
    return parts;
  });
  const inside = (s: number) => s >= from_s && s < to_s;
  const snmp = Object.entries(life.polls ?? {}).flatMap(([code, polls]): SnmpPart[] => {
    const part = snmpOf(polls, mono, inside);
    return part === null ? [] : [{ target: index(code), ...part }];
  });
  const checks = (life.checks ?? []).flatMap((check): CheckPart[] => {
    const ticks = check.ticks.filter(([s]) => inside(s)).map(([s, ...rest]) => [mono(s), ...rest]);
    if (ticks.length === 0) return [];
    return [{ ...check, target: index(check.code), ticks } as unknown as CheckPart];
  });
  const known = (life.hosts ?? []).findLast(({ s }) => s < to_s);
  const host = known === undefined ? {} : { host: { ...HOST, ...known } };
  return { v: 1, series, snmp, checks, ...host };
}

function letters(text: string, every_s: number, from_s: number, to_s: number) {
  const first = Math.ceil(from_s / every_s);
  const n = Math.max(0, Math.ceil(to_s / every_s) - first);
  const ticks = Array.from({ length: n }, (_, k) => text[first + k] ?? text.at(-1));
  const s = encodeRuns(ticks.map((code) => ({ code: code === 'n' ? 'n' : 'r', ticks: 1 })));
  return { t0: mono(0), i: every_s * 1_000, n0: first, n, s: [s] };
}

/** Round trips stand in the batch that holds the last tick of their minute. */
function minuteOf(life: Life, code: string, from_s: number, to_s: number): RttColumns | null {
  const minute = Math.floor((to_s - 1) / 60);
  const values = life.p95?.[code];
  if (values === undefined || (to_s % 60 !== 0 && to_s !== life.seconds)) return null;
  if (to_s <= from_s) return null;
  const p95 = [values[minute % values.length] ?? null];
  return { min: p95, med: p95, p95, max: p95 };
}

/** What a store would hold: rows by key, the later over the earlier. */
export function seenOf(
  inputs: readonly JudgeInput[],
  state: JudgeState = createJudgeState(),
): Map<string, SeenRow> {
  const rows = new Map<string, SeenRow>();
  for (const input of inputs) {
    for (const row of foldInput(state, input).seen) rows.set(row.key, row);
  }
  return rows;
}

/** `what s–s rest`, in order of time and key, without pointers. */
export function told(rows: ReadonlyMap<string, SeenRow>): string[] {
  const list = [...rows.values()].sort((a, b) =>
    a.from_ms !== b.from_ms ? a.from_ms - b.from_ms : a.key < b.key ? -1 : 1,
  );
  return list.map(({ from_ms, to_ms, seen }) => {
    const s = [from_ms, to_ms].map((ms) => (ms - T0) / 1_000);
    const { what, ...rest } = seen;
    const own = Object.entries(rest).filter(
      ([name]) => !['from_ms', 'to_ms', 'pointer', 'at_ms'].includes(name),
    );
    return [what, s[0] === s[1] ? `${s[0]}` : s.join('–'), ...own.map(([, v]) => v)].join(' ');
  });
}
