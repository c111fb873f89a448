/** The office whose bundle is tampered with: a real collector, and people outside it. */
import { loadKeys } from '../../collector/keys.ts';
import type { DocumentItem } from '../../collector/ledger/types.ts';
import { prepareBundle } from '../../collector/report/bundle/prepare.ts';
import { toBase64, utf8 } from '../../shared/bytes.ts';
import { formatCheckpoint, parseCheckpoint } from '../../shared/evidence/checkpoint.ts';
import type { Signer } from '../../shared/evidence/crypto.ts';
import { type SignedDocuments, signDocument } from '../../shared/evidence/documents.ts';
import type { AnchorKind } from '../../shared/evidence/ledger-documents.ts';
import type { Span } from '../../shared/judge/spans.ts';
import { SALT_BYTES } from '../../shared/measure/batch.ts';
import { encodeIdentitySection } from '../../shared/measure/section-identity.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { packSection } from '../../shared/node/section-bytes.ts';
import {
  enrolTestAgent,
  type Harness,
  importSite,
  measureTogether,
  openHarness,
  START_MS,
} from '../collector/harness.ts';
import type { BatchOptions, TestAgent } from '../support/batches.ts';
import { build, bundleDeps, keepDays } from '../support/bundle-kit.ts';
import { missingOpenssl } from '../support/time-authority.ts';
import { createStamper, createWitness, type Stamper, type Witness } from './outsiders.ts';

export const SITE = 'socson-hq';
const TICKS = 600;
const BATCH_MS = TICKS * 1_000;
const HOUR_MS = 3_600_000;
const PER_HOUR = HOUR_MS / BATCH_MS;
const crypto = createNodeCrypto();
/** Stands for the program that travels in a bundle. */
const VERIFIER = [{ name: 'verify.mjs', bytes: utf8("console.log('verified');\n") }];

export interface OfficeKeys {
  readonly log: Signer;
  readonly document: Signer;
  readonly agent: Signer;
}

export interface Office {
  /** Everything that the log holds is in it; judged from the first batch. */
  readonly bundle: Uint8Array;
  readonly keys: OfficeKeys;
  readonly witness: Witness;
  /** Null where openssl is missing. */
  readonly stamper: Stamper | null;
  /** The head under which the bundle is, as it is printed on a report. */
  readonly printed: string;
  readonly harness: Harness;
  readonly agent: TestAgent;
  build(period: Span, masked?: boolean): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Four hours in batches of ten minutes: outages, planned work that the agent had seen, a hole, a
 * conflict, papers of every kind, and anchors in the middle and at the end.
 */
export async function openOffice(): Promise<Office> {
  const base = await openBase();
  const { harness, agent, anchor, paper, seen } = base;
  const ticks = (more: BatchOptions = {}): BatchOptions => ({ ticks: TICKS, ...more });
  const run = (batches: number, options: (batch: number) => BatchOptions = () => ticks()) =>
    measureTogether(harness, agent, batches, options);

  await paper('settings', { version: 1, settings: { settle_ms: 600_000 } });
  await paper('maintenance', {
    ...{ id: 'doi-switch', devices: ['sw-core'], reason: 'Thay switch' },
    windows: [{ from_ms: START_MS + HOUR_MS, to_ms: START_MS + HOUR_MS + 1_200_000 }],
  });
  await run(4, (batch) => ticks(batch === 2 ? { codes: { 0: 'n300r300' } } : {}));
  await run(1, () => ticks({ header: { seen: seen() } }));
  await anchor();
  await run(3, (batch) =>
    ticks({
      ...(batch === 0 ? { header: { seen: seen() } } : {}),
      ...(batch === 1 ? { codes: { 1: 'r60n200r340' } } : {}),
    }),
  );
  const key = { device: 'gw', from_ms: START_MS + 2 * BATCH_MS };
  await paper('note', { kind: 'note', key, text: 'Thợ điện đang sửa' });
  await paper('reclassify', { key, cause: 'power', reason: 'Điện lực báo cắt điện' });
  await paper('declaration', {
    ...{ kind: 'late_dossiers', from: '2026-11-23', to: '2026-11-23', value: 4 },
    ...{ document: 'Số 12/BC-UBND', by: 'Nguyễn Văn A', note: '' },
  });
  await harness.deps.ingest.submitHole(agent.hole(2), { insecure: false });
  agent.skip(2 * BATCH_MS);
  await run(14, (batch) =>
    ticks({
      ...(batch === 5 ? { header: { seen: seen() } } : {}),
      ...(batch === 6 ? { codes: { 0: 'n120r480' } } : {}),
      ...(batch === 8 ? { sections: { identity: names() } } : {}),
    }),
  );
  const fork = agent.fork({ ticks: TICKS - 1 }).body;
  await harness.deps.ingest.submitBatch(fork, { insecure: false });
  await anchor();
  return await finish(base, { from_ms: START_MS, to_ms: START_MS + 3 * HOUR_MS });
}

/** A day and some hours: the local midnight has its `day` document. */
export async function openTwoDays(): Promise<Office> {
  const base = await openBase();
  const { harness, agent, anchor } = base;
  await measureTogether(harness, agent, 20 * PER_HOUR, (batch) => ({
    ticks: TICKS,
    ...(batch === 20 ? { codes: { 0: 'n300r300' } } : {}),
    ...(batch === 21 ? { sections: { identity: names() } } : {}),
  }));
  await keepDays(harness);
  await anchor();
  const midnight = START_MS + 16 * HOUR_MS;
  return await finish(base, { from_ms: midnight - HOUR_MS, to_ms: midnight + 2 * HOUR_MS });
}

/** What a device calls itself: a private section that no figure reads. */
function names(): Uint8Array {
  const rows = [{ target: 0, what: 'sys_name' as const, value: 'gw-socson' }];
  return packSection('identity', encodeIdentitySection({ v: 1, rows }), new Uint8Array(SALT_BYTES));
}

/** Some minutes: what is verified ten thousand times. */
export async function openMinutes(): Promise<Office> {
  const base = await openBase();
  const { harness, agent, paper, anchor, seen } = base;
  await measureTogether(harness, agent, 2, (batch) => ({
    ...(batch === 1 ? { codes: { 0: 'r10n20r30' } } : {}),
  }));
  await paper('note', {
    ...{ kind: 'note', text: 'x' },
    key: { device: 'gw', from_ms: START_MS + 70_000 },
  });
  await measureTogether(harness, agent, 2, (batch) =>
    batch === 0 ? { header: { seen: seen() } } : {},
  );
  await anchor();
  return await finish(base, { from_ms: START_MS, to_ms: START_MS + 240_000 });
}

async function openBase() {
  const harness = await openHarness();
  await importSite(harness, SITE, 'xa-soc-son');
  const agent = await enrolTestAgent(harness, SITE);
  const { log, document } = loadKeys(harness.data_dir, { may_create: false });
  const keys = { log, document, agent: agent.signer };
  const witness = createWitness();
  const stamper = missingOpenssl() === false ? createStamper() : null;
  const { ledger } = harness.deps;
  const leaf = async <Kind extends keyof SignedDocuments>(
    kind: Kind,
    site: DocumentItem['site'],
    said: SignedDocuments[Kind],
  ): Promise<void> => {
    const text = signDocument(crypto, document, kind, said);
    const of = { kind, site, agent: null, epoch: 0, seq: 0, text } as const;
    await ledger.commit((unit) => unit.appendDocument(of, harness.clock.now_ms));
  };
  const head = () => ({
    ...({ v: 1, log: ledger.checkpoint().origin, site: SITE } as const),
    ...{ issued_ms: harness.clock.now_ms, author: 'test' },
  });
  return {
    ...{ harness, agent, keys, witness, stamper },
    paper: <Kind extends keyof SignedDocuments>(kind: Kind, said: object) =>
      leaf(kind, SITE, { ...head(), ...said } as SignedDocuments[Kind]),
    seen() {
      const { origin, size, note } = ledger.checkpoint();
      return { log: origin, size, checkpoint: note };
    },
    /** Both outsiders vouch for the newest head. */
    async anchor(): Promise<void> {
      const note = ledger.checkpoint().note.split('\n').slice(0, 3).join('\n');
      const { origin, size, root } = parseCheckpoint(`${note}\n`);
      const text = formatCheckpoint({ origin, size, root });
      const at_ms = harness.clock.now_ms;
      const add = (kind: AnchorKind, by: string, proof: Uint8Array): Promise<void> => {
        const of = { size, root: toBase64(root), proof: toBase64(proof) };
        const { site: _, ...rest } = head();
        return leaf('anchor', null, { ...rest, kind, by, ...of });
      };
      await add('witness', witness.name, witness.prove(text, at_ms));
      if (stamper !== null) await add('rfc3161', 'tsa', stamper.prove(text, at_ms));
    },
  };
}

async function finish(base: Awaited<ReturnType<typeof openBase>>, period: Span): Promise<Office> {
  const { harness, agent, keys, witness, stamper } = base;
  const { name, key } = witness;
  const folders: (() => void)[] = [];
  const context = { after: (remove: () => void) => void folders.push(remove) };
  const make = async (span: Span, masked = false): Promise<Uint8Array> => {
    const deps = { ...bundleDeps(harness), witnesses: [{ name, key }], verifier: VERIFIER };
    const ask = await prepareBundle(harness.deps, SITE, span, masked);
    return (await build(context, deps, ask)).zip;
  };
  const printed = harness.deps.ledger.checkpoint().note.split('\n').slice(0, 3).join('\n');
  return {
    ...{ bundle: await make(period), keys, witness, stamper, printed, harness, agent },
    build: make,
    async close() {
      for (const remove of folders) remove();
      stamper?.remove();
      await harness.close();
    },
  };
}
