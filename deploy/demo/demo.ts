import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Agent } from '../../agent/agent.ts';
import { createLog } from '../../agent/log.ts';
import { buildCollector } from '../../collector/app.ts';
import type { CollectorDeps } from '../../collector/deps.ts';
import { type Engine, openEngine } from '../../collector/engine.ts';
import { applyInventory } from '../../collector/inventory/apply.ts';
import { createLogger } from '../../collector/main.ts';
import { lockDataDir } from '../../collector/store/sqlite/data-lock.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { parseInventory } from '../../shared/node/inventory-file.ts';
import { makeFolder } from '../../shared/node/make-folder.ts';
import { type Access, giveAccess, signInLink } from './access.ts';
import { buildAgent, type EnrolContext, enrolled } from './agents.ts';
import { type DemoState, openFolder, saveState } from './folder.ts';
import { makeHistory } from './history/make-history.ts';
import type { Terminal } from './history/progress.ts';
import { startResponders } from './lan/responders.ts';
import { startServices } from './lan/services.ts';
import { startWanRelay } from './lan/wan-relay.ts';
import { type DemoOptions, portInUse } from './options.ts';
import { type DemoSite, inventoryOf, sitesIn } from './sites.ts';
import { wanAt } from './story/scenario.ts';
import { createStory, type Often, type Story } from './story/script.ts';
import { createSiteSwitches, startSwitches } from './switch/switches.ts';

/** First word of the log's origin: what it holds is never evidence. */
const LOG_NAME = 'demo';
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A stopping agent delivers for so long; all must be over within five seconds. */
const STOP_DELIVER_MS = 1_500;
const DRAIN_MS = 1_500;

export interface DemoDeps {
  readonly software: string;
  readonly crypto: Crypto;
  /** UTC epoch ms. */
  readonly now_ms: () => number;
  readonly mono_ms: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly terminal: Terminal;
  /** What comes back within minutes; default that of the script. */
  readonly often?: Often;
}

/** A running demo: its dashboard answers; `ready` resolves when the live agents run. */
export interface Demo {
  readonly access: Access;
  readonly sign_in: string;
  readonly ready: Promise<void>;
  readonly story: Story;
  readonly sites: readonly DemoSite[];
  stop(): Promise<void>;
}

/** What must be ended, in the order in which it was begun. */
type Ends = (() => Promise<unknown> | unknown)[];

/**
 * Starts collector, virtual offices and agents on loopback. Throws LanProofError DEMO_FOLDER,
 * DEMO_ADDRESS, PORT_IN_USE, DATA_DIR_IN_USE; nothing runs on then.
 */
export async function startDemo(options: DemoOptions, deps: DemoDeps): Promise<Demo> {
  const { data_dir, fresh, days, net } = options;
  const anchor_ms = Math.floor(deps.now_ms() / MINUTE_MS) * MINUTE_MS;
  const ends: Ends = [];
  const stopping = new AbortController();
  const stop = async () => {
    stopping.abort();
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const state = openFolder(data_dir, fresh, { anchor_ms, days });
    const story = createStory(state.anchor_ms, deps.often);
    const { collector, url } = await startCollector(options, deps, ends);
    const sites = sitesIn(net);
    const first_ms = state.anchor_ms - state.days * DAY_MS;
    for (const site of sites) await importSite(collector, site, first_ms);
    const codes = sites.map(({ code }) => code);
    const access = await giveAccess(collector, data_dir, url, codes);
    const sign_in = await signInLink(collector, url);
    await startOffices({ story, sites, first_ms }, deps, ends);
    const context: EnrolContext = { collector, url, software: deps.software, net };
    const live = runLive({
      ...{ options, deps, state, story, sites, context, ends },
      signal: stopping.signal,
    });
    // A failure is told through `ready`; a stop waits for the end of it all the same.
    const settled = live.catch(() => undefined);
    ends.push(() => settled);
    return { access, sign_in, ready: live, story, sites, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startCollector(
  { port, data_dir }: DemoOptions,
  deps: DemoDeps,
  ends: Ends,
): Promise<{ collector: CollectorDeps; url: string }> {
  const folder = join(data_dir, 'collector');
  makeFolder(folder, 0o700);
  const lock = lockDataDir(folder);
  ends.push(() => lock.release());
  const logger = createLogger('info', pino.destination(join(data_dir, 'collector.log')));
  const { now_ms, mono_ms, random, crypto, software } = deps;
  const clocks = { now_ms, mono_ms, random, crypto };
  const engine: Engine = await openEngine({
    ...clocks,
    data_dir: folder,
    logger,
    origin: LOG_NAME,
  });
  ends.push(() => engine.close());
  const collector: CollectorDeps = {
    ...engine.deps,
    ...{ tls_spki: null, software, demo: true, logger },
  };
  const built = await buildCollector(collector, { tls: undefined, trust_proxy: false });
  ends.push(async () => {
    built.drain();
    const timer = setTimeout(() => built.app.server.closeAllConnections(), DRAIN_MS);
    await built.app.close();
    clearTimeout(timer);
  });
  try {
    await built.app.listen({ host: '127.0.0.1', port });
  } catch (cause) {
    throw (cause as NodeJS.ErrnoException).code === 'EADDRINUSE' ? portInUse(port, cause) : cause;
  }
  const { port: used } = built.app.server.address() as AddressInfo;
  return { collector, url: `http://127.0.0.1:${used}` };
}

/** A new office is written with the time of the history's begin: a list holds from its issue. */
async function importSite(
  collector: CollectorDeps,
  site: DemoSite,
  first_ms: number,
): Promise<void> {
  const file = `${site.code}.json`;
  const loaded = parseInventory(inventoryOf(site), file, { allow_loopback: true });
  const known = await collector.store.site(site.code);
  const now_ms = known === null ? () => first_ms : collector.now_ms;
  await applyInventory({ ...collector, now_ms }, loaded, {
    dry_run: false,
    scope: null,
    by: 'demo',
  });
}

interface Offices {
  readonly story: Story;
  readonly sites: readonly DemoSite[];
  /** Begin of the history: live switches count on from there. */
  readonly first_ms: number;
}

/** The devices: a UDP socket for each address, and SNMP where there is a managed switch. */
async function startOffices(
  { story, sites, first_ms }: Offices,
  deps: DemoDeps,
  ends: Ends,
): Promise<void> {
  for (const site of sites) {
    const responders = await startResponders(story, site, deps.now_ms);
    ends.push(() => responders.close());
    const services = await startServices(site);
    ends.push(() => services.close());
    const switches = createSiteSwitches(story, site, first_ms);
    for (const device of await startSwitches(story, site, switches, deps.now_ms)) {
      ends.push(() => device.close());
    }
  }
}

interface LiveParts {
  readonly options: DemoOptions;
  readonly deps: DemoDeps;
  readonly state: DemoState;
  readonly story: Story;
  readonly sites: readonly DemoSite[];
  readonly context: EnrolContext;
  readonly ends: Ends;
  readonly signal: AbortSignal;
}

/** The past first, under epoch 1; then every agent is enrolled again and measures. */
async function runLive(parts: LiveParts): Promise<void> {
  const { deps, state, story, sites, context, ends, signal } = parts;
  const { data_dir } = parts.options;
  const agents = join(data_dir, 'agents');
  if (!state.history_done) {
    const done = await makeHistory({ ...deps, ...context, agents, state, story, sites, signal });
    if (!done) return;
    saveState(data_dir, { ...state, history_done: true });
  }
  for (const site of sites) {
    if (signal.aborted) return;
    const folder = join(agents, site.code);
    await enrolled(site, join(folder, 'state'), context);
    const log = createLog('info', pino.destination(join(folder, 'agent.log')));
    // A new agent needs its list: whoever starts the demo in the middle of a cut need not wait.
    let begun = false;
    const isUp = () => !begun || wanAt(story, site, deps.now_ms()).on;
    const wan = await startWanRelay(context.url, isUp);
    ends.push(() => wan.close());
    const office = { story, site, now_ms: deps.now_ms };
    const agent: Agent = buildAgent(folder, { ...context, url: wan.url }, office, log);
    ends.push(() => agent.stop(STOP_DELIVER_MS));
    await agent.start(signal);
    begun = true;
  }
}
