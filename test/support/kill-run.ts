/** Seeded faults against both programs: kill -9, pauses, a WAN that is cut. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type LiveSite, startLiveSite } from './live-site.ts';
import { seeded } from './office.ts';

export interface KillOptions {
  readonly folder: string;
  readonly seed: number;
  /** kill -9 of each side. */
  readonly kills: number;
  /** Mean time between two faults, ms. */
  readonly gap_ms: number;
  readonly net: number;
  readonly say?: (line: string) => void;
}

export interface KillCounts {
  readonly agent_kills: number;
  readonly collector_kills: number;
  readonly pauses: number;
  readonly wan_cuts: number;
}

/** Down, paused or cut for at most this long; an agent must keep its run over a pause, ms. */
const FAULT_MS_MAX = 1_500;
/** One fault in three is no kill. */
const OTHERS_PER_KILL = 0.5;

type Fault = 'kill agent' | 'kill collector' | 'pause agent' | 'pause collector' | 'cut wan';

/** The order of the faults: all kills, and other faults between them. */
function plan(options: KillOptions, random: () => number): Fault[] {
  const others: readonly Fault[] = ['pause agent', 'pause collector', 'cut wan'];
  const faults: Fault[] = [];
  for (let at = 0; at < options.kills; at += 1) faults.push('kill agent', 'kill collector');
  const more = Math.round(faults.length * OTHERS_PER_KILL);
  for (let at = 0; at < more; at += 1) faults.push(others[at % others.length] ?? 'cut wan');
  for (let at = faults.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    const [a, b] = [faults[at], faults[other]];
    if (a !== undefined && b !== undefined) [faults[at], faults[other]] = [b, a];
  }
  return faults;
}

/** Runs the faults on a fresh site. The caller lets it settle, stops and checks it. */
export async function runKills(
  options: KillOptions,
): Promise<{ site: LiveSite; counts: KillCounts }> {
  const random = seeded(options.seed);
  const site = await startLiveSite(options.folder, options.net);
  const counts = { agent_kills: 0, collector_kills: 0, pauses: 0, wan_cuts: 0 };
  try {
    for (const fault of plan(options, random)) {
      // From half to one and a half of the mean: faults also fall into starts and commits.
      await sleep(options.gap_ms * (0.5 + random()));
      const lasts_ms = random() * FAULT_MS_MAX;
      options.say?.(`${fault} for ${Math.round(lasts_ms)} ms`);
      await inflict(site, fault, lasts_ms, counts);
    }
    return { site, counts };
  } catch (error) {
    await site.stop();
    throw error;
  }
}

async function inflict(
  site: LiveSite,
  fault: Fault,
  lasts_ms: number,
  counts: { -readonly [Key in keyof KillCounts]: number },
): Promise<void> {
  switch (fault) {
    case 'kill agent':
      counts.agent_kills += 1;
      if (!site.agentProgram.running) {
        throw new Error(`the agent ended by itself: ${site.agentProgram.output().slice(-2_000)}`);
      }
      await site.agentProgram.stop('SIGKILL');
      await sleep(lasts_ms);
      site.restartAgent();
      return;
    case 'kill collector':
      counts.collector_kills += 1;
      if (!site.collector.running) {
        throw new Error(`the collector ended by itself: ${site.collector.output().slice(-2_000)}`);
      }
      await site.collector.stop('SIGKILL');
      await sleep(lasts_ms);
      await site.restartCollector();
      return;
    case 'pause agent':
    case 'pause collector': {
      counts.pauses += 1;
      const paused = fault === 'pause agent' ? site.agentProgram : site.collector;
      paused.signal('SIGSTOP');
      await sleep(lasts_ms);
      paused.signal('SIGCONT');
      return;
    }
    case 'cut wan':
      counts.wan_cuts += 1;
      site.proxy.cut();
      await sleep(lasts_ms);
      site.proxy.mend();
      return;
  }
}
