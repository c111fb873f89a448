import { fork } from 'node:child_process';
import { once } from 'node:events';
import { ROW_WITNESS, STATUS_COLUMNS } from '../../agent/snmp/if-mib.ts';
import { openSession, type SnmpSession } from '../../agent/snmp/session.ts';
import { numberOf } from '../../agent/snmp/value.ts';
import { walkColumns } from '../../agent/snmp/walk.ts';
import { type Exporter, startExporter } from './snmp-exporter.ts';

/** CPU of one poll of 28 ports × 12 columns, ms (design budget). */
const BUDGET_CPU_MS = 1;
/** Other work on the machine only ever adds: the least disturbed round is nearest the truth. */
const ROUNDS = 5;
const POLLS = 500;
/** Scrapes of snmp_exporter a round. */
const SCRAPES = 150;
/**
 * The code is compiled while it runs, until some 2,000 polls; an agent with five switches has made
 * them after seven hours.
 */
const WARM_UP_POLLS = 2_000;
/** The budget's table: other columns of a poll come and go. */
const COLUMNS = [...STATUS_COLUMNS, ROW_WITNESS].slice(-12);
const CELLS = 28 * COLUMNS.length;
const COMMUNITY = 'bench';
/** The whole measurement ends by then; one signal: thousands of timers would be measured too. */
const BENCH_MS_MAX = 90_000;

interface Place {
  readonly address: string;
  readonly port: number;
}

/** `count` polls in all, spread over the sessions. */
async function polls(
  sessions: readonly SnmpSession[],
  count: number,
  deadline: AbortSignal,
): Promise<void> {
  const share = Math.ceil(count / sessions.length);
  await Promise.all(sessions.map((session) => pollOne(session, share, deadline)));
}

async function pollOne(session: SnmpSession, count: number, deadline: AbortSignal): Promise<void> {
  for (let i = 0; i < count; i++) {
    const result = await walkColumns(session, COLUMNS, numberOf, deadline);
    if (!result.ok) throw new Error(`poll failed: ${result.failed}`);
    const cells = [...result.columns.values()].reduce((sum, rows) => sum + rows.size, 0);
    if (cells !== CELLS) throw new Error(`poll returned ${cells} of ${CELLS} cells`);
  }
}

async function scrapes(exporter: Exporter, places: readonly Place[], count: number): Promise<void> {
  const share = Math.ceil(count / places.length);
  await Promise.all(
    places.map(async (place) => {
      for (let i = 0; i < share; i++) await exporter.scrape(place, CELLS);
    }),
  );
}

/** CPU of this process, user and system, ms. */
function own_ms(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

interface Rounds {
  readonly ours: number[];
  readonly theirs: number[];
}

async function rounds(
  sessions: readonly SnmpSession[],
  places: readonly Place[],
  exporter: Exporter | undefined,
  deadline: AbortSignal,
): Promise<Rounds> {
  const ours: number[] = [];
  const theirs: number[] = [];
  await polls(sessions, WARM_UP_POLLS, deadline);
  for (let round = 0; round < ROUNDS; round++) {
    const before_ms = own_ms();
    await polls(sessions, POLLS, deadline);
    ours.push((own_ms() - before_ms) / POLLS);
  }
  // Afterwards, not between: what our HTTP client leaves behind would be collected in our rounds.
  for (let round = 0; exporter !== undefined && round < ROUNDS; round++) {
    const before_theirs_ms = exporter.cpu_ms();
    await scrapes(exporter, places, SCRAPES);
    theirs.push((exporter.cpu_ms() - before_theirs_ms) / SCRAPES);
  }
  return { ours: ours.sort((a, b) => a - b), theirs: theirs.sort((a, b) => a - b) };
}

const NOT_INSTALLED =
  'snmp_exporter is not installed (Debian package prometheus-snmp-exporter): not compared';
const BESIDE =
  'snmp_exporter reads the same 12 columns of the same switches by a hand-written module; its figure is the CPU of its process a scrape, HTTP and text included';

/** Polls of switches that run in another process, side by side with Prometheus' exporter. */
export async function bench(): Promise<{
  name: string;
  figures: Record<string, number>;
  note: string;
}> {
  const deadline = AbortSignal.timeout(BENCH_MS_MAX);
  const child = fork(new URL('./snmp-device-child.ts', import.meta.url));
  try {
    const [places] = (await once(child, 'message')) as [Place[]];
    const deps = { now_ms: () => performance.now() };
    const sessions = places.map((place) =>
      openSession({ ...place, version: '2c', community: COMMUNITY }, deps),
    );
    const exporter = await startExporter(COLUMNS, COMMUNITY);
    try {
      const { ours, theirs } = await rounds(sessions, places, exporter, deadline);
      const [best = 0, , median = 0] = ours;
      const own = { cpu_ms_best: best, cpu_ms_median: median, cpu_ms_budget: BUDGET_CPU_MS };
      const [, , exporter_ms] = theirs;
      const beside =
        exporter_ms === undefined
          ? {}
          : { exporter_cpu_ms_median: exporter_ms, ratio_to_exporter: median / exporter_ms };
      return {
        name: 'agent: SNMP poll of 28 ports × 12 columns',
        figures: rounded({ ...own, ...beside }),
        note: exporter === undefined ? NOT_INSTALLED : BESIDE,
      };
    } finally {
      await exporter?.stop();
      for (const session of sessions) session.close();
    }
  } finally {
    child.disconnect();
    await once(child, 'exit');
  }
}

function rounded(figures: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Math.round(value * 1_000) / 1_000]),
  );
}
