/** A week of one site in a real collector: everything that judging inside a history can meet. */
import { createNodeCrypto } from '../../../../shared/node/crypto.ts';
import {
  deliver,
  HOUR_MS,
  leafPaper,
  MINUTE_MS,
  SITE,
  type Site,
  silentIn,
} from '../../../collector/judge/days-kit.ts';
import { type BatchOptions, type TestAgent, testTargets } from '../../../support/batches.ts';
import { T0 } from '../../../support/collector-core.ts';
import { type History, readHistory } from './replay-kit.ts';

/** Local midnight of Vietnam behind T0, which is a Monday, 13:00. */
const MIDNIGHT_MS = Date.UTC(2026, 10, 23, 17);
/** Hours of the story before its first midnight. */
export const FIRST_HOURS = 11;
export const midnight = (day: number): number => MIDNIGHT_MS + day * 24 * HOUR_MS;
export const HOURS = 8 * 24 - 10;
/** Two computers stand behind them. */
const TARGETS = 14;
/** The clock of the machine is wrong by this before it is synchronised, ms. */
const WRONG_MS = 5_000;

/** So that `withSite` enrols the agent with computers, too. */
export function withComputers(agent: TestAgent): void {
  agent.list = { ...agent.list, targets: testTargets(TARGETS) };
}

/** A switch with an unmanaged one behind it, a printer, cameras, computers in a group. */
export async function leafSite(site: Site, agent = 'do-1'): Promise<void> {
  await leafPaper(site, 'site', siteBody(agent));
}

export function siteBody(agent: string): object {
  const device = (code: string, kind: string, over: string | null, groups: string[] = []) => ({
    ...{ code, kind, agent, reachability: kind === 'unmanaged-switch' ? 'none' : 'icmp' },
    ...{ groups, powered_by: 'mains', rtt_limit_ms: 50, generation: 1 },
    witnesses: kind === 'unmanaged-switch' ? ['switch-2', 'switch-3'] : [],
    ...(over === null ? {} : { attached: { device: over } }),
    probes: { icmp: { interval_ms: 1000, timeout_ms: 800 }, tcp: [], dns: [], http: [] },
  });
  return {
    ...{ unit: 'a-unit', version: 1, calendar: 'hanh-chinh', workplaces: { 'mot-cua': 8 } },
    agents: [{ code: agent, attached: { device: 'switch-1' } }],
    devices: [
      device('gateway-0', 'gateway', 'switch-1'),
      device('switch-1', 'switch', null),
      device('hub', 'unmanaged-switch', 'switch-1'),
      device('switch-2', 'switch', 'hub', ['mot-cua']),
      device('switch-3', 'printer', 'hub'),
      ...[4, 5, 6].map((k) => device(`camera-${k}`, 'camera', 'switch-1')),
      ...[11, 13].map((k) => device(`pc-${k}`, 'pc', 'switch-2', ['mot-cua'])),
    ],
  };
}

/** Outages of all lengths, one over midnight; a printer and a switch silent for days. */
function troubles(hour: number): Record<number, string> {
  const codes: Record<number, string> = {};
  if (hour % 9 === 4) codes[1] = silentIn(600, 1_500);
  if (hour % 7 === 2) codes[2] = 'r1000n2r100n2r2496';
  if (hour % 11 === 3) codes[2] = silentIn(100, 3_000);
  if (hour === 34) codes[0] = silentIn(1_800, 3_600);
  if (hour === 35) codes[0] = silentIn(0, 2_700);
  if (hour === 50) for (const at of [0, 1, 2, 3]) codes[at] = silentIn(100, 400);
  if (hour > 20 && hour < 130) codes[3] = silentIn(0, 3_600);
  if (hour > 40 && hour < 150) codes[2] = silentIn(0, 3_600);
  if (hour === 107) for (const at of [0, 1, 2]) codes[at] = silentIn(3_000, 3_600);
  return codes;
}

/** The machine was off from hour 66 to 100; from 110 on its clock is not synchronised for long. */
function machine(agent: TestAgent, hour: number): BatchOptions['header'] {
  const day = hour < 66 ? 1 : hour < 110 ? 2 : 3;
  const run = day === 1 ? {} : { run: `run-${day}`, boot: `boot-${day}` };
  if (hour < 110 || hour > 117) return run;
  const mono_ms = agent.at_ms - agent.start_ms + 1_000_000;
  const wall_ms = agent.at_ms - WRONG_MS;
  const closed_to_ms = wall_ms + HOUR_MS;
  const clock = [{ mono_ms, wall_ms, source: 'none', sync: false, error_ms: null } as const];
  return { ...run, clock, closed_to_ms };
}

const isOff = (hour: number): boolean => hour >= 66 && hour < 100;
const isLost = (hour: number): boolean => hour === 15 || hour === 16;

/** Papers of all kinds; plans are seen from the next batch on. */
async function papers(site: Site, hour: number): Promise<number | null> {
  const at = (hours: number): number => T0 + hours * HOUR_MS;
  const plan = (id: string, from_h: number) =>
    leafPaper(site, 'maintenance', {
      ...{ id, devices: ['switch-1', 'camera-5'], reason: 'new cables' },
      windows: [{ from_ms: at(from_h), to_ms: at(from_h + 1) }],
    });
  switch (hour) {
    case 18:
      return plan('in-time', 58);
    case 64:
      return plan('too-late', 61);
    case 72:
      await leafPaper(site, 'reclassify', {
        ...{ key: { device: 'switch-1', from_ms: at(40) + 600_000 } },
        ...{ cause: 'power', reason: 'the village had none' },
      });
      return null;
    case 125: {
      const key = { device: 'switch-1', from_ms: at(121) + 600_000 };
      await leafPaper(site, 'reclassify', {
        key,
        cause: 'lan_switch',
        reason: 'it was the switch',
      });
      await leafPaper(site, 'note', { kind: 'note', key, text: 'Minh Anh was there' });
      return null;
    }
    case 130:
      await leafPaper(site, 'declaration', {
        ...{ kind: 'repair_cost', from: '2026-11-24', to: '2026-11-25', value: 1_200_000 },
        ...{ document: '12/HĐ', by: 'the office', note: '' },
      });
      return null;
    default:
      return null;
  }
}

/** Lives through it, and gives all that the ledger then holds. */
export async function week(
  site: Site,
  agent: TestAgent,
  atHour?: (hour: number) => Promise<void>,
): Promise<History> {
  await leafSite(site);
  let size = 1;
  for (let hour = 0; hour < HOURS; hour++) {
    const leaf = await papers(site, hour);
    if (leaf !== null) size = leaf + 1;
    if (isLost(hour) || isOff(hour)) agent.skip(HOUR_MS);
    else {
      const seen = { log: agent.origin, size };
      const header = { seen, ...machine(agent, hour) };
      if (hour === 17) await site.ingest.submitHole(agent.hole(2), { insecure: false });
      await deliver(site, agent.next({ ticks: 3_600, codes: troubles(hour), header }));
    }
    site.clock.now_ms = Math.max(site.clock.now_ms, agent.at_ms);
    await atHour?.(hour);
  }
  site.clock.now_ms = agent.at_ms + MINUTE_MS;
  return await historyOf(site);
}

export async function historyOf(site: Site): Promise<History> {
  await site.reader.judged(SITE, T0, site.clock.now_ms - (site.clock.now_ms % MINUTE_MS));
  const { store, judge, findList } = site;
  return readHistory({ store, judge, findList, crypto: createNodeCrypto() }, SITE);
}
