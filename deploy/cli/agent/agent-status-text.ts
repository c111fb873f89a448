import type { StatusFile } from '../../../agent/status/status.ts';
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

/** The status for a terminal, one line a fact, troubles last. */
export function statusLines(who: Who, now: StatusNow, assessment: Assessment): string[] {
  const { status, kernel } = now;
  const rows: [string, string][] = [
    ['agent', `${who.site}/${who.agent}, epoch ${who.epoch}, short code ${who.short_code}`],
    ['enrolled', `${utc(who.enrolled_ms)} in ${who.log}`],
    ['program', programOf(assessment, status)],
  ];
  if (status !== undefined) rows.push(...factsOf(status, now.wall_ms));
  const error = kernel.error_ms === null ? '' : `, error ≤ ${kernel.error_ms.toFixed(1)} ms`;
  const said = kernel.synchronised ? 'synchronised' : 'not synchronised';
  rows.push(['machine', `its clock is ${said} (${kernel.source})${error}`]);
  const last = status?.last_problem ?? null;
  rows.push([
    'problem',
    last === null
      ? 'none since the start'
      : `last ${ago(now.wall_ms - last.at_ms)}: ${last.code} ${last.message}`,
  ]);
  const refused = status?.list?.refused ?? [];
  const reasons = refused.map(({ target, code, message, hint }) => [
    ...['refused', target, code, `${message}: ${hint}`],
  ]);
  const more = status?.list?.refused_more ?? 0;
  return [
    ...textTable(rows),
    ...textTable(reasons),
    ...(more > 0 ? [`refused  and ${more} more`] : []),
    ...(assessment.troubles.length === 0 ? ['all is good'] : []),
    ...assessment.troubles.map(({ code, message, hint }) => `${code}: ${message}\n  fix: ${hint}`),
  ].map(harmless);
}

function programOf({ running, age_ms }: Assessment, status: StatusFile | undefined): string {
  if (status === undefined) return 'never ran here';
  const seen = ago(age_ms ?? 0);
  if (!running) return `not running; last sign ${seen}, version ${status.software}`;
  const doing = status.state === 'measuring' ? 'measuring' : 'waiting for its first list';
  return `${doing}, process ${status.pid}, version ${status.software}, last sign ${seen}`;
}

function factsOf(status: StatusFile, wall_ms: number): [string, string][] {
  const { list, engines, spool, clock } = status;
  const pace = list === null ? '' : `, ${list.packets_per_s.toFixed(1)} packets/s`;
  const waiting = spool.oldest_ms === null ? '' : `, the oldest ${ago(wall_ms - spool.oldest_ms)}`;
  const memory = spool.held === 0 ? '' : `, ${spool.held} in memory only`;
  const size = `${(spool.bytes / MB).toFixed(1)} of ${(spool.bytes_max / MB).toFixed(0)} MB`;
  const off = clock.offset_ms === null ? '' : `, ${clock.offset_ms} ms from the machine's clock`;
  return [
    [
      'list',
      list === null
        ? 'none yet'
        : `version ${list.version}: ${list.measured} of ${list.targets} targets measured${pace}`,
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
    ['proven', `up to batch ${spool.proven_to}, last ${when(status.last_proof_ms, wall_ms)}`],
    ['time', `${clock.synchronised ? 'synchronised' : 'not synchronised'}${off}`],
  ];
}

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
