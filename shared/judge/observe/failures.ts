import type { CheckPart } from '../../measure/batch.ts';
import type { CheckOutcomes, DnsOutcome, HttpOutcome } from '../../measure/codes.ts';
import { type FactDraft, type Goings, POLL_GAP_MS } from './rows.ts';
import { MEMOS_MAX, type ObserveState } from './state.ts';

type Failure = 'dns_fail' | 'app_fail';

/** Outcomes of names that are no answer; of pages, the one that is the name's fault, and none. */
const DNS_FAILS: ReadonlySet<DnsOutcome> = new Set<DnsOutcome>([
  'servfail',
  'refused',
  'garbage',
  'timeout',
  'unreachable',
]);
const PAGE_NAME_FAILS: HttpOutcome = 'name_failed';
const PAGE_WORKS: ReadonlySet<HttpOutcome> = new Set<HttpOutcome>(['ok', 'client_error']);
const NOT_SENT = 'not_sent';
/** One failure may be one lost datagram. */
const FAILURES_MIN = 2;

export interface CheckLook {
  readonly state: ObserveState;
  readonly offset_ms: number;
  readonly goings: Goings;
}

/** What one check of one target came to: failures in a row are facts. */
export function feedCheck(look: CheckLook, target: string, part: CheckPart): void {
  const { probe, check } = part;
  // A port that does not answer is the slots' matter.
  if (probe === 'tcp') return;
  for (const [mono_ms, outcome] of part.ticks) {
    const what = failureOf(probe, outcome);
    if (what === 'unknown') continue;
    for (const one of ['dns_fail', 'app_fail'] as const) {
      if (one !== what) forget(look, `${one}/${target}/${probe}/${check}`);
    }
    if (what === null) continue;
    feedFailure(look, `${what}/${target}/${probe}/${check}`, { what, target }, mono_ms);
  }
}

function failureOf(
  probe: 'dns' | 'http',
  outcome: CheckOutcomes['dns' | 'http'],
): Failure | 'unknown' | null {
  if (outcome === NOT_SENT) return 'unknown';
  const names: ReadonlySet<string> = DNS_FAILS;
  const works: ReadonlySet<string> = PAGE_WORKS;
  if (probe === 'dns') return names.has(outcome) ? 'dns_fail' : null;
  if (outcome === PAGE_NAME_FAILS) return 'dns_fail';
  return works.has(outcome) ? null : 'app_fail';
}

function forget({ state, goings }: CheckLook, key: string): void {
  if (state.failing[key] === undefined) return;
  delete state.failing[key];
  goings.end(key);
}

function feedFailure(look: CheckLook, key: string, draft: FactDraft, mono_ms: number): void {
  const { state, goings } = look;
  const at_ms = mono_ms + look.offset_ms;
  const known = state.failing[key];
  const goesOn = known !== undefined && at_ms >= known.to_ms && at_ms - known.to_ms <= POLL_GAP_MS;
  if (!goesOn) {
    forget(look, key);
    if (Object.keys(state.failing).length >= MEMOS_MAX) return;
    state.failing[key] = { from_ms: at_ms, to_ms: at_ms, ticks: 1 };
    return;
  }
  known.to_ms = at_ms;
  known.ticks += 1;
  if (known.ticks < FAILURES_MIN) return;
  goings.extend(key, draft, known.from_ms, at_ms, POLL_GAP_MS);
}
