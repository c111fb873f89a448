import type { BatchHeader, ResultSection, SeriesPart } from '../../measure/batch.ts';
import type { AgentState, JudgeState } from '../state.ts';
import type { JudgeInput } from '../types.ts';
import { feedEchoes } from './echoes.ts';
import { feedCheck } from './failures.ts';
import { feedEvents, feedHost } from './host.ts';
import { feedPolls } from './polls.ts';
import { Goings, type Pointer, Sayer } from './rows.ts';
import { type Material, type ObserveState, PENDING_MAX } from './state.ts';
import { breakChain } from './tables.ts';
import type { Silent } from './traffic.ts';
import type { SeenRow } from './types.ts';

type Batch = Extract<JudgeInput, { kind: 'batch' }> & { readonly header: BatchHeader };
type Site = Pick<JudgeState, 'plan' | 'unseen'>;

const NO_ROWS: readonly SeenRow[] = [];
const NO_PORTS: Readonly<Record<string, string>> = {};

/** A hole that a full disk made is a fact of the time before the next batch. */
export function noteHole(
  state: ObserveState,
  reason: Extract<JudgeInput, { kind: 'hole' }>['reason'],
): void {
  if (reason === 'disk_full') state.disk_full = true;
}

/**
 * Takes a batch of an agent in, in two steps: at once what it is told by (its list, its boot), and,
 * when the returned function is called, after its slots were said, what it shows. Of a run without
 * a synchronised clock the batch is kept and shown together with the first that has one; when the
 * run's boot ends before that, it is forgotten (see giveUp).
 */
export function observeBatch(
  site: Site,
  agent: AgentState,
  input: Batch,
  clock: { readonly offset_ms: number; readonly synchronised: boolean },
): () => readonly SeenRow[] {
  const state = agent.observe;
  noteList(agent, input.header.list);
  const material = materialOf(agent, input, clock.offset_ms);
  state.boot = input.header.boot;
  state.disk_full = false;
  if (agent.conflict) return () => NO_ROWS;
  if (!clock.synchronised) {
    if (state.pending.length < PENDING_MAX) state.pending.push(slim(material));
    return () => NO_ROWS;
  }
  const all = [...state.pending, material];
  state.pending = [];
  return () => {
    const out = new Sayer();
    for (const one of all) feed(site, agent, one, clock.offset_ms, out);
    return out.rows;
  };
}

/**
 * Lists are kept until they are in force; their targets' codes are needed for as long as they are.
 * What the new one does not name is forgotten.
 */
function noteList(agent: AgentState, named: BatchHeader['list']): void {
  const { observe, lists } = agent;
  if (observe.list?.hash === named.hash) return;
  const kept = lists.find(({ hash, version }) => hash === named.hash && version === named.version);
  if (kept === undefined) return;
  observe.list = { hash: kept.hash, codes: kept.targets.map(({ device }) => device) };
  const codes = new Set(observe.list.codes);
  for (const code in observe.polled) if (!codes.has(code)) delete observe.polled[code];
  for (const code in observe.large) if (!codes.has(code)) delete observe.large[code];
  for (const key in observe.failing) {
    if (!codes.has(key.split('/')[1] ?? '')) delete observe.failing[key];
  }
}

function materialOf(agent: AgentState, { header, ...input }: Batch, offset_ms: number): Material {
  const { observe } = agent;
  return {
    epoch: input.epoch,
    seq: input.seq,
    run: header.run,
    list: header.list.hash,
    new_boot: observe.boot !== null && observe.boot !== header.boot,
    disk_full: observe.disk_full,
    sealed_mono_ms: header.sealed_ms - offset_ms,
    seen: header.seen,
    events: header.events,
    sections: input.fault === null ? input.sections : null,
  };
}

/** Only what is looked at, for the time that it has to wait. */
function slim(batch: Material): Material {
  const { log, size } = batch.seen;
  const sections = batch.sections?.map((section): ResultSection => {
    const series = section.series
      .filter(({ probe }) => probe === 'icmp' || probe === 'echo_large')
      .map(({ probe, t0, i, n0, n, targets, s, rtt }): SeriesPart => {
        const p95 = rtt === undefined ? {} : { rtt: { ...EMPTY, p95: rtt.p95 } };
        return { probe, t0, i, n0, n, targets, s, ...p95 };
      });
    return { ...section, series };
  });
  return { ...batch, seen: { log, size }, sections: sections ?? null };
}

const EMPTY = { min: [], med: [], max: [] } as const;

function feed(site: Site, agent: AgentState, batch: Material, offset_ms: number, out: Sayer): void {
  const state = agent.observe;
  const pointer: Pointer = { agent: agent.agent, epoch: batch.epoch, seq: batch.seq };
  const codes = state.list?.hash === batch.list ? state.list.codes : null;
  const goings = new Goings(state, pointer, out);
  const sealed_ms = batch.sealed_mono_ms + offset_ms;
  const { plan } = site;
  const host = { state, pointer, offset_ms, plan, codes, out, goings };
  feedEvents(host, batch);
  chain(state, batch);
  const endpoints = (code: string) => plan?.endpoints[code] ?? NO_PORTS;
  const silent = silentDevices(agent);
  if (batch.sections !== null && codes !== null) {
    const polls = { ...host, endpoints, silent };
    for (const section of batch.sections) {
      for (const part of section.snmp ?? []) {
        const device = codes[part.target];
        if (device !== undefined) feedPolls(polls, device, part);
      }
      for (const part of section.checks ?? []) {
        const device = codes[part.target];
        if (device !== undefined) feedCheck(host, device, part);
      }
    }
    feedEchoes({ ...host, codes }, batch.sections);
  }
  for (const section of batch.sections ?? []) {
    if (section.host !== undefined) feedHost(host, section.host, sealed_ms);
  }
  goings.sweep(sealed_ms);
  state.sealed_ms = sealed_ms;
  tellSeen(site, batch, sealed_ms, out);
}

/** Differences of polls go on only in the next batch of the same run and list. */
function chain(state: ObserveState, { epoch, seq, run, list, sections }: Material): void {
  const last = state.chain;
  const follows =
    last?.epoch === epoch && last.seq === seq - 1 && last.run === run && last.list === list;
  if (!follows || sections === null) breakChain(state.polled);
  state.chain = { epoch, seq, run, list };
}

/** What of this agent its slots say is silent; looked up at most once. */
function silentDevices(agent: AgentState): () => Silent {
  let known: Silent | null = null;
  return () => {
    if (known !== null) return known;
    const since = new Map<string, number>();
    let newest_ms: number | null = null;
    for (const device of agent.devices) {
      const now = device?.machine.now;
      if (now?.state !== 'down' || device === null) continue;
      since.set(device.device, now.from_ms);
      newest_ms = Math.max(newest_ms ?? now.from_ms, now.from_ms);
    }
    known = { since, newest_ms };
    return known;
  };
}

/** The first batch that shows that its agent had seen a maintenance leaf. */
function tellSeen(site: Site, { seen }: Material, at_ms: number, out: Sayer): void {
  if (site.unseen.length === 0) return;
  site.unseen = site.unseen.filter(({ leaf, log, index }) => {
    if (log !== seen.log || seen.size <= index) return true;
    out.put(`document_seen/${leaf}`, at_ms, at_ms, { what: 'document_seen', leaf, at_ms });
    return false;
  });
}
