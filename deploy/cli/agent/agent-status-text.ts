import { PROOF_MS } from '../../../agent/deliver/prove.ts';
import type { ClockSync } from '../../../agent/platform/platform.ts';
import type { StatusFile } from '../../../agent/status/status.ts';
import { counted } from '../counted.ts';
import { textTable } from '../probe/text-table.ts';
import type { Who } from './agent-status.ts';
import type { Assessment, StatusNow } from './agent-status-judge.ts';

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;
const MB = 1_000_000;
const MINUTE_MS = 60_000;

/** The status for a terminal, one line a fact, troubles last. */
export function statusLines(who: Who, now: StatusNow, assessment: Assessment): string[] {
  const { status, kernel } = now;
  const rows: [string, string][] = [
    ['agent', `${who.site}/${who.agent}, epoch ${who.epoch}, short code ${who.short_code}`],
    ['enrolled', `${utc(who.enrolled_ms)} in ${who.log}`],
    ['program', programOf(assessment, status)],
  ];
  if (status !== undefined) rows.push(...factsOf(status, now.wall_ms));
  rows.push(['time', timeOf(status?.clock, kernel)]);
  const last = status?.last_problem ?? null;
  rows.push([
    'problem',
    last === null
      ? 'none since the start'
      : `last ${ago(now.wall_ms - last.at_ms)}: ${last.code} ${last.message}`,
  ]);
  const noticed = status?.noticed ?? null;
  if (noticed !== null) {
    const { count, code, device, at_ms } = noticed;
    const what = counted(count, 'notice');
    const last_one = `last ${ago(now.wall_ms - at_ms)}: ${code} ${device}`;
    rows.push([
      'devices',
      `${what} since the start: moved, or answered for by another; ${last_one}`,
    ]);
  }
  const refused = status?.list?.refused ?? [];
  const reasons = refused.map(({ target, code, message, hint }) => [
    ...['refused', target, code, `${message}: ${hint}`],
  ]);
  const more = status?.list?.refused_more ?? 0;
  return [
    ...textTable(rows),
    ...textTable(reasons),
    ...(more > 0 ? [`refused  and ${more} more`] : []),
    ...(assessment.troubles.length === 0 ? [conclusion(assessment)] : []),
    ...assessment.troubles.map(({ code, message, hint }) => `${code}: ${message}\n  fix: ${hint}`),
  ].map(harmless);
}

function conclusion({ starting }: Assessment): string {
  return starting ? 'the agent is starting: look again in half a minute' : 'all is good';
}

function programOf(
  { running, starting, age_ms }: Assessment,
  status: StatusFile | undefined,
): string {
  if (status === undefined) return 'never ran here';
  const seen = ago(age_ms ?? 0);
  if (!running) return `not running; last sign ${seen}, version ${status.software}`;
  const settled = status.state === 'measuring' ? 'measuring' : 'waiting for its first list';
  const doing = starting ? `starting, ${settled}` : settled;
  return `${doing}, process ${status.pid}, version ${status.software}, last sign ${seen}`;
}

function factsOf(status: StatusFile, wall_ms: number): [string, string][] {
  const { list, engines, spool } = status;
  const pace = list === null ? '' : `, ${list.packets_per_s.toFixed(1)} packets/s`;
  const waiting = spool.oldest_ms === null ? '' : `, the oldest ${ago(wall_ms - spool.oldest_ms)}`;
  const memory = spool.held === 0 ? '' : `, ${spool.held} in memory only`;
  const size = `${(spool.bytes / MB).toFixed(1)} of ${(spool.bytes_max / MB).toFixed(0)} MB`;
  return [
    [
      'list',
      list === null
        ? 'none yet'
        : `version ${list.version}: ${list.measured} of ${counted(list.targets, 'target')} measured${pace}`,
    ],
    [
      'engines',
      engines === null
        ? 'not started'
        : Object.entries(engines)
            .map(([probe, name]) => `${probe} by ${name}`)
            .join(', '),
    ],
    ['spool', `${spool.waiting} batches wait${waiting}${memory}; ${size}; newest ${spool.seq}`],
    ['collector', status.collector],
    ['delivered', `up to batch ${spool.sent_to}, last ${when(status.last_delivery_ms, wall_ms)}`],
    [
      'proven',
      `up to batch ${spool.proven_to}, last ${when(status.last_proof_ms, wall_ms)}; ` +
        `checked every ${PROOF_MS / MINUTE_MS} min, each time for all before it`,
    ],
  ];
}

/** What the times of the batches rest on, and beside it this machine's own clock. */
function timeOf(clock: StatusFile['clock'] | undefined, kernel: ClockSync): string {
  const error = kernel.error_ms === null ? '' : ` to ${kernel.error_ms.toFixed(1)} ms`;
  const own = kernel.synchronised
    ? `this machine's own clock is kept right by ${KEEPER[kernel.source]}${error}`
    : "nobody keeps this machine's own clock right";
  if (clock === undefined) return own;
  const { synchronised, source, offset_ms } = clock;
  if (!synchronised) return `of the batches: not synchronised; ${own}`;
  const by = KEEPER[source ?? 'none'];
  const apart = offset_ms === null ? '' : ` (it differs by ${offset_ms} ms)`;
  const harm = kernel.synchronised ? '' : ', and the batches do not need it';
  return `of the batches: synchronised by ${by}; ${own}${harm}${apart}`;
}

const KEEPER = {
  collector: "the collector's answers",
  chrony: 'chrony',
  kernel: 'the time service of the system',
  none: 'an unknown source',
} as const;

function when(at_ms: number | null, wall_ms: number): string {
  return at_ms === null ? 'never' : `${ago(wall_ms - at_ms)} (${utc(at_ms)})`;
}

function utc(at_ms: number): string {
  return `${new Date(at_ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** The largest unit that fits; clocks that were set back make no negative age. */
function ago(ms: number): string {
  const unit = UNITS.find(([, size_ms]) => ms >= size_ms);
  return unit === undefined ? 'just now' : `${Math.floor(ms / unit[1])} ${unit[0]} ago`;
}

/** Codes and messages may come from a collector: nothing of them may steer a terminal. */
function harmless(line: string): string {
  return line.replace(/[^\P{Cc}\n]/gu, ' ');
}
