import type { Cause } from '../../../shared/judge/cause-names.ts';
import { SITE } from '../inventory.ts';
import { UNKNOWN } from '../judge-truth.ts';
import type { FaultLab } from './fault-lab.ts';
import type { Told, ToldFinding, ToldIncident, ToldMinute, ToldSpan } from './match.ts';
import { PORTS, PROBED, portName } from './office.ts';

interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string | null;
}

interface IncidentItem {
  readonly id: string;
  readonly cause: Cause;
  readonly roots: readonly string[];
  readonly unreachable: readonly string[];
  readonly started_at_ms: number;
  readonly ended_at_ms: number | null;
}

interface FindingItem {
  readonly what: string;
  readonly device: string;
  readonly port: string | null;
  readonly from_ms: number;
  readonly to_ms: number;
}

interface AvailabilityRow {
  readonly device: string;
  readonly off_ms: number;
  readonly down_by_cause_ms: Readonly<Record<string, { readonly unknown_ms: number }>>;
}

const MINUTE_MS = 60_000;
const period = (from_ms: number, to_ms: number): string => {
  const text = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
  return `from=${text(from_ms)}&to=${text(to_ms)}`;
};

/** All that the product says of an office in [from_ms, to_ms), by its API. */
export async function readTold(lab: FaultLab, from_ms: number, to_ms: number): Promise<Told> {
  const site = `/api/v1/sites/${SITE}`;
  const span = period(from_ms, to_ms);
  const incidents = await readAll<IncidentItem>(lab, `${site}/incidents?${span}`);
  const findings = await readAll<FindingItem>(lab, `${site}/findings?${span}`);
  const minutes: ToldMinute[] = [];
  for (let at_ms = from_ms; at_ms < to_ms; at_ms += MINUTE_MS) {
    const path = `${site}/availability?${period(at_ms, at_ms + MINUTE_MS)}&hours=all`;
    const rows = await readAll<AvailabilityRow>(lab, path);
    minutes.push(...rows.map((row) => minuteOf(row, at_ms)));
  }
  const spans: ToldSpan[] = [];
  for (const device of PROBED) {
    const path = `${site}/slots?device=${device}&${span}`;
    const { runs }: { runs: Run[] } = await lab.session.collector.api.json(path);
    spans.push(...runs.flatMap((run) => spanOf(device, run)));
  }
  return {
    incidents: incidents.map(incidentOf),
    findings: findings.map(findingOf),
    minutes,
    spans,
  };
}

interface Run {
  readonly from_ms: number;
  readonly interval_ms: number;
  readonly slots: number;
  readonly class: string;
}

function spanOf(device: string, run: Run): ToldSpan[] {
  const { from_ms } = run;
  const to_ms = from_ms + run.slots * run.interval_ms;
  if (run.class === 'no_reply') return [{ device, from_ms, to_ms, what: 'silent' }];
  return UNKNOWN.has(run.class) ? [{ device, from_ms, to_ms, what: 'unknown' }] : [];
}

function minuteOf(row: AvailabilityRow, at_ms: number): ToldMinute {
  const { device, off_ms, down_by_cause_ms } = row;
  const explained = Object.entries(down_by_cause_ms).map(([cause, ms]) => [cause, ms.unknown_ms]);
  return { device, at_ms, off_ms, explained_ms: Object.fromEntries(explained) };
}

async function readAll<T>(lab: FaultLab, path: string): Promise<T[]> {
  const out: T[] = [];
  let next: string | null = null;
  do {
    const page: string = next === null ? path : `${path}&after=${encodeURIComponent(next)}`;
    const answer: Page<T> = await lab.session.collector.api.json(page);
    out.push(...answer.items);
    next = answer.next ?? null;
  } while (next !== null);
  return out;
}

function incidentOf(item: IncidentItem): ToldIncident {
  const { id, cause, roots, unreachable, started_at_ms, ended_at_ms } = item;
  const devices = [...roots, ...unreachable];
  return { id, cause, devices, from_ms: started_at_ms, to_ms: ended_at_ms };
}

/** A finding of a port is one of the device that hangs on it. */
function findingOf({ what, device, port, from_ms, to_ms }: FindingItem): ToldFinding {
  const ports = device in PORTS ? PORTS[device as keyof typeof PORTS] : {};
  const [, cable] = Object.entries(ports).find(([n]) => portName(Number(n)) === port) ?? [];
  const owner = cable === undefined || cable === 'agent' ? device : cable;
  return { what, device: owner, from_ms, to_ms };
}
