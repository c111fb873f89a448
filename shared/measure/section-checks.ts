import { type CheckPart, type CheckTick, TARGETS_MAX } from './batch.ts';
import {
  CHECK_PHASES,
  CHECK_PROBES,
  CHECKS_MAX,
  type CheckOutcomes,
  type CheckProbe,
  DNS_OUTCOMES,
  HTTP_OUTCOMES,
  TCP_OUTCOMES,
} from './codes.ts';
import { claim, type Spans, spanKey } from './section-spans.ts';
import type { Strict } from './strict.ts';
import type { MeasuredTarget } from './targets.ts';

/** Parts of one section: each of 2,000 targets with as many checks as one probe may have. */
export const CHECK_PARTS_MAX = TARGETS_MAX * CHECKS_MAX;
/** Ticks of one part: a batch holds a minute, a check takes a second or more. */
export const CHECK_TICKS_MAX = 64;
/** No phase is longer than the longest interval, µs. */
const PHASE_US_MAX = 600_000_000;
/** Sent, outcome, phases, status. */
const TICK_MEMBERS_MAX = 4;

const OUTCOMES: { readonly [P in CheckProbe]: readonly CheckOutcomes[P][] } = {
  tcp: TCP_OUTCOMES,
  dns: DNS_OUTCOMES,
  http: HTTP_OUTCOMES,
};
/** RFC 6891 §6.1.3: an RCODE has 12 bits at most; RFC 9110 §15: a status has three digits. */
const STATUS: Readonly<Record<CheckProbe, readonly [number, number] | null>> = {
  tcp: null,
  dns: [0, 4_095],
  http: [100, 999],
};

/**
 * One part of `checks`. With a list the check must be one that it names. Fails with SECTION_TARGET
 * (no such target or check), SECTION_OVERLAP (spans of parts that meet), SECTION_FORMAT.
 */
export function readCheck(
  strict: Strict,
  value: unknown,
  place: string,
  targets: readonly MeasuredTarget[] | null,
  spans: Spans,
): CheckPart {
  const part = strict.object(value, place);
  const probe = strict.oneOf(part.probe, `${place}.probe`, CHECK_PROBES);
  const check = strict.integer(part.check, `${place}.check`, 0, CHECKS_MAX - 1);
  const target = Number(part.target);
  const count = targets?.length ?? TARGETS_MAX;
  if (!Number.isSafeInteger(part.target) || target < 0 || target >= count) {
    strict.fail(`${place}.target`, 'is no index of the list', 'SECTION_TARGET');
  }
  if (targets !== null && targets[target]?.probes[probe]?.[check] === undefined) {
    strict.fail(`${place}.check`, `is no ${probe} check of the list`, 'SECTION_TARGET');
  }
  const read = readPart(strict, part.ticks, `${place}.ticks`, { target, probe, check });
  const [first, last] = [read.ticks[0], read.ticks.at(-1)];
  if (first !== undefined && last !== undefined) {
    const own = { span: [first[0], last[0]], targets: [target] } as const;
    claim(strict, spans, spanKey(probe, check, target), own, () => place);
  }
  return read;
}

/** One branch per probe, so that the compiler holds each outcome against its own list. */
function readPart(
  strict: Strict,
  ticks: unknown,
  place: string,
  { target, probe, check }: { target: number; probe: CheckProbe; check: number },
): CheckPart {
  switch (probe) {
    case 'tcp':
      return { target, probe, check, ticks: readTicks(strict, ticks, place, probe) };
    case 'dns':
      return { target, probe, check, ticks: readTicks(strict, ticks, place, probe) };
    case 'http':
      return { target, probe, check, ticks: readTicks(strict, ticks, place, probe) };
  }
}

function readTicks<P extends CheckProbe>(
  strict: Strict,
  value: unknown,
  place: string,
  probe: P,
): CheckTick<CheckOutcomes[P]>[] {
  let before = -1;
  return strict.list(value, place, CHECK_TICKS_MAX).map((item, index) => {
    const at = `${place}[${index}]`;
    const tick = readTick(strict, item, at, probe);
    if (tick[0] <= before) strict.fail(`${at}[0]`, 'is not later than the one before');
    before = tick[0];
    return tick;
  });
}

function readTick<P extends CheckProbe>(
  strict: Strict,
  value: unknown,
  place: string,
  probe: P,
): CheckTick<CheckOutcomes[P]> {
  const tick = strict.list(value, place, TICK_MEMBERS_MAX);
  const sent_ms = strict.integer(tick[0], `${place}[0]`);
  const outcome = strict.oneOf(tick[1], `${place}[1]`, OUTCOMES[probe]);
  const names = CHECK_PHASES[probe];
  const phases = strict.list(tick[2], `${place}[2]`, names.length);
  if (phases.length !== names.length) {
    strict.fail(`${place}[2]`, `is not one for each of ${names.join(' ')}`);
  }
  const phases_us = phases.map((us, k) =>
    us === null ? null : strict.integer(us, `${place}[2][${k}]`, 0, PHASE_US_MAX),
  );
  if (tick.length < TICK_MEMBERS_MAX) return [sent_ms, outcome, phases_us];
  const range = STATUS[probe];
  if (range === null) return strict.fail(`${place}[3]`, `stands beside ${probe}`);
  return [sent_ms, outcome, phases_us, strict.integer(tick[3], `${place}[3]`, ...range)];
}
