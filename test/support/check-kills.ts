/** What must hold after any number of kills. Every finding is a sentence; none means good. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { equalBytes, toHex } from '../../shared/bytes.ts';
import { batchHash, checkLink, verifyBatchSignature } from '../../shared/evidence/chain.ts';
import { hashLeaf } from '../../shared/evidence/leaf.ts';
import { createFrontier } from '../../shared/evidence/merkle.ts';
import { parseIdentity } from '../../shared/measure/header.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import type { Opened } from './export-evidence.ts';
import { FLAPPING, type LiveSite, STEADY } from './live-site.ts';

const crypto = createNodeCrypto();

interface Spooled {
  readonly seq: number;
  readonly hash: Uint8Array;
}

export interface KillFindings {
  readonly findings: readonly string[];
  readonly batches: number;
  readonly acknowledged: number;
  readonly runs: number;
  readonly flapping_down: number;
  readonly steady_unknown_ms: number;
  readonly steady_up_ms: number;
}

export async function checkKills(site: LiveSite, opened: Opened): Promise<KillFindings> {
  const findings: string[] = [];
  const chain = await checkChain(site, opened, findings);
  await checkTree(site, opened, findings);
  const states = await checkStates(site, opened, findings);
  const { size } = site.acknowledged;
  return { findings, ...chain, acknowledged: size, ...states };
}

/** The spool and the collector hold the same batches, once each, in one signed chain. */
async function checkChain(
  { agent: { identity }, state_dir }: LiveSite,
  { store }: Opened,
  findings: string[],
): Promise<{ batches: number; runs: number }> {
  const spooled = readSpool(state_dir);
  let head = identity.origin;
  const runs = new Set<string>();
  let batches = 0;
  for (;;) {
    const row = await store.batch(identity.site, identity.agent, head.epoch, head.seq + 1);
    if (row === null) break;
    batches += 1;
    const place = `batch ${row.seq}`;
    const link = checkLink(head, parseIdentity(row.header));
    if (link !== 'ok') findings.push(`${place} does not follow: ${link}`);
    if (row.fault !== null) findings.push(`${place} is faulty: ${row.fault}`);
    if (!verifyBatchSignature(crypto, identity.signer.publicKey, row.header, row.signature)) {
      findings.push(`${place} has a wrong signature`);
    }
    const hash = batchHash(crypto, row.header);
    const mine = spooled.get(row.seq);
    if (mine === undefined) findings.push(`${place} is not in the spool`);
    else if (!equalBytes(mine.hash, hash)) {
      findings.push(`${place} differs from the spool: ${toHex(hash).slice(0, 16)}`);
    }
    runs.add(/"run":"([^"]+)"/.exec(Buffer.from(row.header).toString())?.[1] ?? '');
    head = { epoch: row.epoch, seq: row.seq, hash };
  }
  for (const seq of spooled.keys()) {
    if (seq > head.seq) findings.push(`batch ${seq} of the spool did not arrive`);
  }
  const conflicts = await store.documents(identity.site, 'conflict');
  if (conflicts.length > 0) findings.push(`${conflicts.length} conflicts are on record`);
  const holes = await store.documents(identity.site, 'hole');
  if (holes.length > 0) findings.push(`${holes.length} holes are on record`);
  return { batches, runs: runs.size };
}

function readSpool(state_dir: string): Map<number, Spooled> {
  const db = new Database(join(state_dir, 'spool.db'), { readonly: true });
  try {
    const rows = db.prepare<[], Spooled>('SELECT seq, hash FROM batch ORDER BY seq').all();
    return new Map(rows.map((row) => [row.seq, row]));
  } finally {
    db.close();
  }
}

/** One log, whose root is that of its leaves; every acknowledged leaf is in it, none twice. */
async function checkTree(
  { acknowledged }: LiveSite,
  { store, ledger }: Opened,
  findings: string[],
): Promise<void> {
  const logs = await store.logs();
  if (logs.length !== 1) findings.push(`there are ${logs.length} logs: a kill looked like a loss`);
  const { log, size, root } = ledger.checkpoint();
  const leaves = await store.leaves(log, 0, size);
  const tree = createFrontier(crypto);
  const seen = new Set<string>();
  for (const leaf of leaves) {
    tree.append(hashLeaf(crypto, leaf));
    if (leaf.kind !== 'batch') continue;
    const key = `${leaf.site}/${leaf.agent}/${leaf.epoch}/${leaf.seq}`;
    if (seen.has(key)) findings.push(`${key} has two leaves`);
    seen.add(key);
  }
  if (!equalBytes(tree.root(), root)) findings.push('the root is not that of the leaves');
  for (const index of acknowledged) {
    if (leaves[index]?.kind !== 'batch') findings.push(`acknowledged leaf ${index} is gone`);
  }
}

/** Devices that always answered are up or unknown, whatever happened to the programs. */
async function checkStates(
  { agent: { identity } }: LiveSite,
  { store }: Opened,
  findings: string[],
): Promise<{ flapping_down: number; steady_unknown_ms: number; steady_up_ms: number }> {
  const { site } = identity;
  const newest = await store.newestSiteLeaf(site);
  const progress = await store.judgeProgress(site);
  if (newest?.leaf !== progress?.leaf) {
    findings.push(`the judge is at leaf ${progress?.leaf}, the log at ${newest?.leaf}`);
  }
  for (const fault of await store.judgeFaults(site)) {
    findings.push(`the judge stumbled at leaf ${fault.leaf}: ${fault.code}`);
  }
  const intervals = await store.intervals(site, 0, Date.now() + 1);
  const sum = (state: string): number =>
    intervals
      .filter((one) => one.state === state && STEADY.includes(one.device))
      .reduce((ms, one) => ms + Math.max(0, (one.to_ms ?? one.from_ms) - one.from_ms), 0);
  for (const { device, state, from_ms } of intervals) {
    if (!STEADY.includes(device) || state === 'up' || state === 'unknown') continue;
    findings.push(`${device} is ${state} at ${new Date(from_ms).toISOString()}, it never was`);
  }
  const flapping_down = intervals.filter(
    ({ device, state }) => FLAPPING.includes(device) && state === 'down',
  ).length;
  return { flapping_down, steady_unknown_ms: sum('unknown'), steady_up_ms: sum('up') };
}

/** Resolves when what the agent has is delivered and judged; throws after `within_ms`. */
export async function settle(site: LiveSite, within_ms: number): Promise<void> {
  const deadline_ms = performance.now() + within_ms;
  // Stopping, the agent seals what it has and delivers; a start and a stop more empties its spool.
  for (;;) {
    await site.agentProgram.stop();
    const { sent_to, newest } = readMarks(site.state_dir);
    if (sent_to >= newest) return;
    if (performance.now() > deadline_ms) throw new Error(`sent ${sent_to} of ${newest} batches`);
    site.restartAgent();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
  }
}

function readMarks(state_dir: string): { sent_to: number; newest: number } {
  const db = new Database(join(state_dir, 'spool.db'), { readonly: true });
  try {
    const rows = db
      .prepare<[], { key: string; value: string }>('SELECT key, value FROM meta')
      .all();
    const sent = rows.find(({ key }) => key.startsWith('sent_to/'))?.value ?? '0';
    const newest = db.prepare<[], number>('SELECT max(seq) FROM batch').pluck().get() ?? 0;
    return { sent_to: Number(sent), newest };
  } finally {
    db.close();
  }
}
