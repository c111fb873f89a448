import type { SnmpPart } from '../../measure/batch.ts';
import { feedRestarts } from '../counters/counters.ts';
import { createCounters } from '../counters/state.ts';
import type { PlacedReading, Restart } from '../counters/types.ts';
import { feedStatus } from './ports.ts';
import { type FactDraft, type Goings, POLL_GAP_MS, type Pointer, type Sayer } from './rows.ts';
import { MEMOS_MAX, type ObserveState, type Polled } from './state.ts';
import { readTable } from './tables.ts';
import { feedTraffic, type Silent } from './traffic.ts';

const OK = 'ok';
/** Outcomes that say nothing of the device; those that are no answer. All others are answers. */
const OWN: ReadonlySet<string> = new Set(['not_sent', 'busy', 'closed']);
const SILENT: ReadonlySet<string> = new Set(['timeout', 'deadline']);
/** Several tables of one poll fail together: silence is several polls and a time, ms. */
const SILENT_POLLS_MIN = 3;
const SILENT_MS_MIN = 60_000;

export interface PollLook {
  readonly state: ObserveState;
  readonly pointer: Pointer;
  readonly offset_ms: number;
  readonly out: Sayer;
  readonly goings: Goings;
  readonly endpoints: (device: string) => Readonly<Record<string, string>>;
  readonly silent: () => Silent;
}

/** The polls of one device in one batch. */
export function feedPolls(look: PollLook, device: string, part: SnmpPart): void {
  const polled = polledOf(look.state, device);
  if (polled === null) return;
  const last = part.polls.findLastIndex(([, , , outcome]) => outcome === OK);
  const { pointer, out, goings, silent } = look;
  const ports = { device, polled, pointer, out, goings, silent, endpoints: look.endpoints(device) };
  for (const [k, poll] of part.polls.entries()) {
    const [mono_ms, response_ms, uptime_ticks, outcome, number, held] = poll;
    const at_ms = mono_ms + look.offset_ms;
    feedOutcome(look, polled, device, outcome, at_ms);
    if (outcome !== OK) continue;
    const reading: PlacedReading = {
      ...{ at_ms, response_ms, sys_uptime_ticks: uptime_ticks, outcome, ports: undefined },
      scalars: k === last ? scalarsOf(polled, part) : null,
    };
    for (const restart of feedRestarts(polled.clock, reading)) {
      sayRestart(look, polled, device, restart);
    }
    if (number === undefined || held === undefined) continue;
    const step = readTable(polled, number, held, at_ms);
    if (step === null) continue;
    const port = { ...ports, at_ms, response_ms, uptime_ticks };
    feedStatus(port, step);
    feedTraffic(port, step);
  }
}

function polledOf(state: ObserveState, device: string): Polled | null {
  const known = state.polled[device];
  if (known !== undefined) return known;
  if (Object.keys(state.polled).length >= MEMOS_MAX) return null;
  const made: Polled = {
    clock: createCounters(),
    scalars: false,
    restarted_ms: null,
    said_restart: null,
    tables: {},
    best: {},
    lost: {},
    poor: {},
    errors: {},
    silent: null,
  };
  state.polled[device] = made;
  return made;
}

function scalarsOf(polled: Polled, { scalars }: SnmpPart): PlacedReading['scalars'] {
  if (scalars === undefined) return polled.scalars ? 'ran_on' : null;
  polled.scalars = true;
  return scalars;
}

/** A restart of the device; one that turns out to be its SNMP agent's alone is taken back. */
function sayRestart(look: PollLook, polled: Polled, device: string, restart: Restart): void {
  const { kind, seen_ms, earliest_ms, latest_ms, evidence } = restart;
  if (kind === 'wrap') return;
  polled.restarted_ms = Math.max(polled.restarted_ms ?? latest_ms, latest_ms);
  const key = `restart/${device}/${seen_ms}`;
  if (kind === 'agent_restart') {
    if (polled.said_restart !== key) return;
    look.out.put(key, earliest_ms, latest_ms, { what: 'withdrawn' });
    return;
  }
  polled.said_restart = key;
  const draft: FactDraft = { what: 'restart', device, evidence: [kind, ...evidence].join(' ') };
  look.out.fact(key, earliest_ms, latest_ms, draft, look.pointer);
}

function feedOutcome(
  { goings }: PollLook,
  polled: Polled,
  device: string,
  outcome: string,
  at_ms: number,
): void {
  if (OWN.has(outcome)) return;
  const key = `snmp_silent/${device}`;
  if (!SILENT.has(outcome)) {
    if (polled.silent === null) return;
    polled.silent = null;
    goings.end(key);
    return;
  }
  const { silent } = polled;
  const goesOn = silent !== null && at_ms >= silent.to_ms && at_ms - silent.to_ms <= POLL_GAP_MS;
  const from_ms = goesOn ? silent.from_ms : at_ms;
  const polls = goesOn ? silent.polls + 1 : 1;
  polled.silent = { from_ms, to_ms: at_ms, polls };
  if (polls < SILENT_POLLS_MIN || at_ms - from_ms < SILENT_MS_MIN) return;
  goings.extend(key, { what: 'snmp_silent', device }, from_ms, at_ms, POLL_GAP_MS);
}
