import fc from 'fast-check';
import type { JudgeInput } from '../../../shared/judge/types.ts';
import type { AgentEvent, BatchHeader, SeriesPart } from '../../../shared/measure/batch.ts';
import type { DeviceKind, RawCode } from '../../../shared/measure/codes.ts';
import { encodeRuns } from '../../../shared/measure/runs.ts';
import type { PublicTarget, TargetList } from '../../../shared/measure/targets.ts';

/** A quarter of a minute before a UTC hour: short histories cross its edge. */
export const START_MS = 1_790_002_785_000;
const S = 1_000;
const HASH = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';

export interface Device {
  readonly kind: DeviceKind;
  readonly interval_s: number;
  /** Send phase inside the slot, ms. */
  readonly phase_ms: number;
  /** Codes in turns, repeated for ever. */
  readonly codes: readonly (readonly [RawCode, number])[];
}

/** One stretch of an agent's life. */
export interface Act {
  readonly seconds: number;
  /** A new run begins with it, on a new boot or the same. */
  readonly begins: 'run' | 'boot' | 'nothing';
  /** Seconds without an agent before it. */
  readonly off_s: number;
  /** Error of the agent's clock, ms; used where a run begins. */
  readonly error_ms: number;
  /** False: no synchronised sample in this act. */
  readonly sync: boolean;
  /** All targets silent. */
  readonly silent: boolean;
  /** Seconds after which a batch is sealed; the last one ends the act. */
  readonly cuts: readonly number[];
  /** What happens to the batches of the act. */
  readonly fate: 'sent' | 'lost_disk' | 'spool_limit' | 'fault' | 'no_header' | 'conflict';
  /** The first `drop` devices are not in the list of this act. */
  readonly drop: number;
}

export interface History {
  readonly devices: readonly Device[];
  readonly acts: readonly Act[];
}

const code = fc.constantFrom<RawCode>('r', 'r', 'r', 'n', 'n', 'a', 'x', 'l');
const device: fc.Arbitrary<Device> = fc.record({
  kind: fc.constantFrom<DeviceKind>('switch', 'camera', 'pc', 'printer'),
  interval_s: fc.constantFrom(1, 1, 2, 5, 10),
  phase_ms: fc.integer({ min: 0, max: 900 }),
  codes: fc.array(fc.tuple(code, fc.integer({ min: 1, max: 12 })), { minLength: 1, maxLength: 6 }),
});
const calm: fc.Arbitrary<Act> = fc.record({
  seconds: fc.integer({ min: 1, max: 70 }),
  begins: fc.constantFrom('run' as const, 'boot' as const, 'nothing' as const, 'nothing' as const),
  off_s: fc.constantFrom(0, 0, 0, 1, 7, 75),
  error_ms: fc.constant(0),
  sync: fc.boolean(),
  silent: fc.boolean(),
  cuts: fc.array(fc.integer({ min: 1, max: 69 }), { maxLength: 4 }),
  fate: fc.constant('sent' as const),
  drop: fc.constant(0),
});
const wild: fc.Arbitrary<Act> = fc.record({
  seconds: fc.integer({ min: 1, max: 70 }),
  begins: fc.constantFrom('run' as const, 'boot' as const, 'nothing' as const, 'nothing' as const),
  off_s: fc.constantFrom(0, 0, 0, 1, 7, 75),
  error_ms: fc.constantFrom(0, 0, 0, 3, -8, 400, -700, 30_000, -30_000, 1_800_000, -90_000),
  sync: fc.boolean(),
  silent: fc.boolean(),
  cuts: fc.array(fc.integer({ min: 1, max: 69 }), { maxLength: 4 }),
  fate: fc.constantFrom(
    ...(['sent', 'sent', 'sent', 'lost_disk', 'spool_limit', 'fault', 'no_header'] as const),
    'conflict' as const,
  ),
  drop: fc.constantFrom(0, 0, 0, 1, 2),
});
const devices = fc.array(device, { minLength: 1, maxLength: 5 });

/** No clock errors, losses of batches or list changes: where batches are cut must not matter. */
export const calmHistory: fc.Arbitrary<History> = fc.record({
  devices,
  acts: fc.array(calm, { minLength: 1, maxLength: 5 }),
});
/** Everything that can go wrong at once. */
export const wildHistory: fc.Arbitrary<History> = fc.record({
  devices,
  acts: fc.array(wild, { minLength: 1, maxLength: 6 }),
});

export function listOf(history: History, version: number, drop: number): TargetList {
  const targets = history.devices.map((item, index): PublicTarget => {
    const probe = { interval_ms: item.interval_s * S, timeout_ms: 800 };
    return {
      code: `d${index}`,
      kind: item.kind,
      own: index >= drop,
      reachability: 'icmp',
      probes: { icmp: probe },
      commitment: HASH,
    };
  });
  return { v: 1, version, site: 's', agent: 'do-1', log: 'l', issued_ms: START_MS, targets };
}

/**
 * What the collector's ledger would hold. `cuts` replaces the seals of every act. `start_ms` true
 * time of the first act.
 */
export function inputsOf(history: History, cuts?: readonly number[]): JudgeInput[] {
  const out: JudgeInput[] = [{ kind: 'enrol', leaf: 0, agent: 'do-1', epoch: 1 }];
  let version = 0;
  let drop = -1;
  let [seq, run, boot] = [0, 0, 0];
  let [now_ms, boot_ms, error_ms] = [START_MS, START_MS - 1_234, 0];
  for (const [number, act] of history.acts.entries()) {
    now_ms += act.off_s * S;
    const events: AgentEvent[] = [];
    if (act.drop !== drop) {
      version++;
      drop = act.drop;
      const list = listOf(history, version, drop);
      out.push({ kind: 'targets', leaf: out.length, agent: 'do-1', hash: `h${version}`, list });
      const utc_ms = Math.ceil(now_ms / 60_000) * 60_000;
      events.push({ code: 'list_applied', mono_ms: 0, value: version, utc_ms });
    }
    if (act.begins !== 'nothing' || act.off_s > 0 || number === 0) run++;
    if (act.begins === 'boot') {
      boot++;
      boot_ms = now_ms - 500;
    }
    if (act.begins !== 'nothing') error_ms = act.error_ms;
    const offset_ms = boot_ms + error_ms;
    const end_ms = now_ms + act.seconds * S;
    const seals = (cuts ?? act.cuts).map((s) => now_ms + s * S - 321).filter((ms) => ms < end_ms);
    let from_ms = now_ms;
    let first = true;
    for (const to_ms of [...new Set(seals)].sort((a, b) => a - b).concat(end_ms)) {
      seq++;
      const header: BatchHeader = {
        v: 1,
        site: 's',
        agent: 'do-1',
        epoch: 1,
        seq,
        prev: HASH,
        list: { version, hash: `h${version}` },
        seen: { log: 'l', size: 0 },
        boot: `b${boot}`,
        run: `r${run}`,
        sealed_ms: to_ms + error_ms,
        closed_to_ms: to_ms + error_ms,
        cause: 'minute',
        engine: { icmp: 'fping', arp: 'none' },
        software: '0',
        clock: first ? [sample(from_ms - boot_ms, offset_ms, act.sync)] : [],
        events: first ? events : [],
        sections: [],
      };
      const series = history.devices.map((item, target) =>
        seriesOf(item, target, act, { from_ms, to_ms, boot_ms, error_ms }),
      );
      const parts = series.filter((part) => part.n > 0);
      out.push(...fated(act, header, parts, to_ms + 250, out.length));
      first = false;
      from_ms = to_ms;
    }
    now_ms = end_ms;
  }
  return out;
}

function sample(mono_ms: number, offset_ms: number, sync: boolean): BatchHeader['clock'][number] {
  const wall_ms = mono_ms + offset_ms;
  return { mono_ms, wall_ms, source: sync ? 'kernel' : 'none', sync, error_ms: null };
}

/** Ticks whose claimed send time lies in the batch; phase and codes follow the true time. */
function seriesOf(
  item: Device,
  target: number,
  act: Act,
  clock: { from_ms: number; to_ms: number; boot_ms: number; error_ms: number },
): SeriesPart {
  const i = item.interval_s * S;
  const claimed = (ms: number) => Math.ceil((ms + clock.error_ms - item.phase_ms) / i);
  const first = claimed(clock.from_ms);
  const n = Math.max(0, claimed(clock.to_ms) - first);
  const t0 = first * i + item.phase_ms - clock.error_ms - clock.boot_ms;
  const cycle = item.codes.flatMap(([letter, ticks]) => Array<RawCode>(ticks).fill(letter));
  const codes = Array.from({ length: n }, (_, k): RawCode => {
    const truth = cycle[(first + k) % cycle.length] ?? 'r';
    return act.silent && (truth === 'r' || truth === 'a') ? 'n' : truth;
  });
  const s = encodeRuns(codes.map((letter) => ({ code: letter, ticks: 1 })));
  return { probe: 'icmp', t0, i, n0: 0, n, targets: [target], s: [s] };
}

function fated(
  act: Act,
  header: BatchHeader,
  series: readonly SeriesPart[],
  recv_ms: number,
  leaf: number,
): JudgeInput[] {
  const { agent, epoch, seq } = header;
  const base = { kind: 'batch', leaf, recv_ms, agent, epoch, seq } as const;
  const sections = [{ v: 1 as const, series }];
  switch (act.fate) {
    case 'lost_disk':
    case 'spool_limit':
      return [{ kind: 'hole', leaf, agent, epoch, from_seq: seq, to_seq: seq, reason: act.fate }];
    case 'no_header':
      return [{ ...base, header: null, sections: [], fault: 'HEADER_FIELD' }];
    case 'fault':
      return [{ ...base, header, sections: [], fault: 'SECTION_RUNS' }];
    case 'conflict':
      return [
        { kind: 'conflict', leaf, agent, epoch, seq },
        { ...base, leaf: leaf + 1, header, sections, fault: null },
      ];
    case 'sent':
      return [{ ...base, header, sections, fault: null }];
  }
}
