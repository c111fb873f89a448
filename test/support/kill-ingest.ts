import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openCheckpoint } from '../../shared/evidence/checkpoint.ts';
import {
  leafHash,
  rootFromLeaves,
  verifyConsistency,
  verifyInclusion,
} from '../../shared/evidence/merkle.ts';
import { openCore } from './collector-core.ts';

interface Acknowledged {
  readonly site: string;
  readonly seq: number;
  readonly leaf: number;
  readonly checkpoint: string;
}

/** Batches that the child would send if nobody killed it: more than it ever gets to. */
const BATCHES = 100_000;

/**
 * Starts a collector core on `data_dir`, lets it acknowledge `after` batches, kills it with
 * SIGKILL, and checks that everything it acknowledged in this and earlier rounds is there, once,
 * in one tree that continues every head it ever showed. Returns what it acknowledged.
 */
export async function killRound(
  data_dir: string,
  after: number,
  before: readonly Acknowledged[],
): Promise<Acknowledged[]> {
  const child = join(import.meta.dirname, 'ingest-child.ts');
  const process_ = spawn(process.execPath, [child, data_dir, String(BATCHES)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => process_.once('close', () => resolve()));
  const seen: Acknowledged[] = [];
  for await (const line of createInterface({ input: process_.stdout })) {
    seen.push(JSON.parse(line));
    if (seen.length === after) process_.kill('SIGKILL');
  }
  await ended;
  assert.equal(process_.signalCode, 'SIGKILL', 'the child ended before it was killed');
  const all = [...before, ...seen];
  await checkAll(data_dir, all);
  return all;
}

async function checkAll(data_dir: string, all: readonly Acknowledged[]): Promise<void> {
  const core = await openCore({ data_dir });
  try {
    const { crypto, ledger, store, logSigner } = core;
    const head = ledger.checkpoint();
    assert.deepEqual([head.log, (await store.logs()).length], [1, 1], 'no second history');
    const leaves = await store.leaves(1, 0, head.size);
    assert.equal(leaves.length, head.size);
    const hashes = await Promise.all(
      leaves.map(async ({ index }) => leafHash(crypto, await ledger.leafBytes(1, index))),
    );
    assert.deepEqual(rootFromLeaves(crypto, hashes), head.root);
    const batches = leaves.filter(({ kind }) => kind === 'batch');
    const places = batches.map(({ site, epoch, seq }) => `${site}/${epoch}/${seq}`);
    assert.equal(new Set(places).size, places.length, 'nothing is doubled');
    const heads = new Set<string>();
    for (const { site, seq, leaf, checkpoint } of all) {
      const row = await store.batch(site, 'do-1', 1, seq);
      assert.equal(row?.leaf, leaf, `${site} ${seq} was acknowledged`);
      for (const section of row?.sections ?? []) {
        assert.equal((await store.readBody(section)).length, section.length);
      }
      heads.add(checkpoint);
    }
    for (const note of heads) {
      const shown = openCheckpoint(crypto, note, head.origin, logSigner.publicKey);
      const proof = await ledger.consistency(1, shown.size);
      assert.ok(verifyConsistency(crypto, shown.size, shown.root, head.size, head.root, proof));
    }
    const last = all.at(-1);
    if (last === undefined) return;
    const path = await ledger.inclusion(1, last.leaf);
    const hash = hashes[last.leaf] ?? new Uint8Array();
    assert.ok(verifyInclusion(crypto, hash, last.leaf, head.size, path, head.root));
  } finally {
    await core.close();
  }
}

/** `rounds` kills on one data directory, each at another moment; `random` is in [0, 1). */
export async function killRounds(
  data_dir: string,
  rounds: number,
  random: () => number,
): Promise<number> {
  let all: Acknowledged[] = [];
  for (let round = 0; round < rounds; round++) {
    all = await killRound(data_dir, 1 + Math.floor(random() * 60), all);
  }
  return all.length;
}
