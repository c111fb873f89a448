import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Identity, identityOf } from '../../agent/identity.ts';
import type { Draft } from '../../agent/record/draft.ts';
import { createSealer, type SealedBatch, type SealFacts } from '../../agent/seal.ts';
import type { SpoolDeps } from '../../agent/spool/types.ts';
import { Spool } from '../../agent/spool.ts';
import { toBase64 } from '../../shared/bytes.ts';
import type { ChainHead } from '../../shared/evidence/chain.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import { commitment } from '../../shared/measure/target-list.ts';
import type { PrivateTargets, PublicTarget, TargetList } from '../../shared/measure/targets.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { testSigner } from '../fixtures/test-keys.ts';
import type { StandInCollector } from './stand-in-collector.ts';

export const crypto = createNodeCrypto();
const MB = 1024 * 1024;

export function temporaryDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'lanproof-agent-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** The agent that the stand-in enrolled, with the test key. */
export function identityFor(collector: StandInCollector): Identity {
  return identityOf(
    {
      v: 1,
      tls: null,
      document_key: toBase64(collector.document.publicKey),
      enrol: parseEnvelope(collector.enrolDocument),
      log_open: [parseEnvelope(collector.logOpen)],
      checkpoint: collector.checkpoint(),
    },
    testSigner('agent'),
    crypto,
  );
}

/** A spool for that agent; a new folder counts as freshly enrolled. */
export function spoolIn(dir: string, origin: ChainHead, more: Partial<SpoolDeps> = {}): Spool {
  return new Spool({
    dir,
    crypto,
    origin,
    wall_ms: () => 1_790_000_000_000,
    bytes_max: 64 * MB,
    onDisk: () => undefined,
    onLost: () => undefined,
    ...more,
  });
}

export function freshlyEnrolled(dir: string): void {
  writeFileSync(join(dir, 'spool.head'), '{"epoch":1,"seq":0}\n');
}

const EMPTY_LIST = { version: 1, hash: toBase64(new Uint8Array(32)), targets: [] };

/** Seals a small batch behind `head`; `fill` makes it larger by so many random bytes. */
export function sealNext(head: ChainHead, fill = 0, sealed_ms = 1_790_000_000_000): SealedBatch {
  const sealer = createSealer({
    ...{ crypto, signer: testSigner('agent'), site: 'hq', agent: 'do-1', software: '0.1.0' },
    randomBytes: (count) => randomBytes(count),
  });
  const rows = Array.from({ length: Math.ceil(fill / 750) }, () => ({
    ...{ target: 0, what: 'sys_descr' as const },
    value: randomBytes(750).toString('base64'),
  }));
  const draft: Draft = {
    list: EMPTY_LIST,
    closed_to_ms: sealed_ms,
    infra: { v: 1, series: [] },
    endpoints: undefined,
    identity: rows.length === 0 ? undefined : { v: 1, rows },
    events: [],
  };
  const facts: SealFacts = {
    ...{ cause: 'minute', sealed_ms, boot: 'boot', run: 'run', clock: [] },
    seen: { log: 'test/lanproof/log1', size: 0 },
    engine: { icmp: 'none', arp: 'none' },
  };
  return sealer.seal(draft, facts, head);
}

/** A signed-to-be list with one record per target. */
export function listOf(
  version: number,
  targets: readonly {
    readonly target: Omit<PublicTarget, 'commitment'>;
    readonly record: object;
  }[],
  log = 'test/lanproof/log1',
): { list: TargetList; private: PrivateTargets } {
  const records = targets.map(({ record }) => ({
    salt: toBase64(randomBytes(16)),
    record: JSON.stringify(record),
  }));
  const list: TargetList = {
    ...{ v: 1, version, site: 'hq', agent: 'do-1', log, issued_ms: 1 },
    targets: targets.map(({ target }, i) => {
      const { salt = '', record = '' } = records[i] ?? {};
      return { ...target, commitment: commitment(crypto, salt, record) };
    }),
  };
  return { list, private: { v: 1, version, records } };
}

/** Waits until `done` holds; fails loudly after `limit_ms`. */
export async function until(done: () => boolean, what: string, limit_ms = 10_000): Promise<void> {
  const end = performance.now() + limit_ms;
  while (!done()) {
    if (performance.now() > end) throw new Error(`waited ${limit_ms} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
