/**
 * Real signed batches of an agent that exists only in a test: real keys, sections, chain and
 * wire bytes. Times are given by the test; a tick is always on the second.
 */
import { toBase64, utf8 } from '../../shared/bytes.ts';
import { batchHash, signBatch } from '../../shared/evidence/chain.ts';
import type { Signer } from '../../shared/evidence/crypto.ts';
import {
  documentHash,
  documentType,
  type HoleReason,
  signDocument,
} from '../../shared/evidence/documents.ts';
import { serializeEnvelope, signEnvelope } from '../../shared/evidence/dsse.ts';
import type {
  BatchHeader,
  ResultSection,
  SectionName,
  SectionRef,
  SeriesPart,
} from '../../shared/measure/batch.ts';
import { PRIVATE_SECTIONS, SALT_BYTES } from '../../shared/measure/batch.ts';
import { encodeHeader } from '../../shared/measure/header.ts';
import { encodeResultSection } from '../../shared/measure/section.ts';
import type { PublicTarget, TargetList } from '../../shared/measure/targets.ts';
import { encodeWire } from '../../shared/measure/wire.ts';
import { createNodeCrypto, generateSigner } from '../../shared/node/crypto.ts';
import { packSection } from '../../shared/node/section-bytes.ts';
import type { EnrolledAgent } from './prepared-collector.ts';

const crypto = createNodeCrypto();
const MINUTE_MS = 60_000;

export interface TestAgentOptions {
  readonly site: string;
  readonly agent: string;
  /** Targets in all; half of those beyond the first ten are PCs. Default 6. */
  readonly targets?: number;
  /** UTC ms of the first tick; a whole minute. */
  readonly start_ms: number;
  /** Default: a new key. */
  readonly signer?: Signer;
  readonly epoch?: number;
  /** Origin of the log, as lists and `seen` name it. */
  readonly origin?: string;
}

export interface BatchOptions {
  /** Ticks of the series at 1/s; default 60. */
  readonly ticks?: number;
  /** Run-length string of one target of 1 s by its index; default: answered all the time. */
  readonly codes?: Readonly<Record<number, string>>;
  /** Changes the header before it is signed. */
  readonly header?: Partial<BatchHeader> | undefined;
  /** Changes the header bytes before they are signed: to write what no agent would. */
  readonly rewrite?: (json: string) => string;
  /** Stored bytes of a section instead of the packed ones. */
  readonly sections?: Readonly<Partial<Record<SectionName, Uint8Array>>>;
  /** The section before it is packed. */
  readonly infra?: (section: ResultSection) => unknown;
}

export interface TestBatch {
  /** Body of POST /api/v1/batches. */
  readonly body: Uint8Array;
  readonly header: BatchHeader;
  readonly hash: Uint8Array;
  readonly signature: Uint8Array;
  readonly seq: number;
}

export interface TestAgent {
  readonly site: string;
  readonly agent: string;
  epoch: number;
  signer: Signer;
  list: TargetList;
  /** Hash of the list's envelope, base64: set by whoever signed and leafed it. */
  listHash: string;
  /** Newest link of the chain. */
  seq: number;
  prev: Uint8Array;
  /** UTC ms up to which it measured. */
  at_ms: number;
  readonly start_ms: number;
  origin: string;
  /** Seals the next minute (or `ticks` seconds) and goes on. */
  next(options?: BatchOptions): TestBatch;
  /** The same place in the chain again, with other content: what a cloned machine would send. */
  fork(options?: BatchOptions): TestBatch;
  /** Time passes without a batch. */
  skip(ms: number): void;
  /** A signed hole for the next `count` seqs; the agent goes on behind it. */
  hole(count: number, reason?: HoleReason): string;
}

/** One-second infrastructure, five-second cameras, ten-second PCs. */
export function testTargets(count: number): PublicTarget[] {
  return Array.from({ length: count }, (_, index) => {
    const pc = index >= 10 && index % 2 === 1;
    const kind = index === 0 ? 'gateway' : pc ? 'pc' : index < 4 ? 'switch' : 'camera';
    const interval_ms = pc ? 10_000 : kind === 'camera' ? 5_000 : 1_000;
    const timeout_ms = interval_ms === 1_000 ? 800 : 1_000;
    return {
      code: `${kind}-${index}`,
      kind,
      own: true,
      reachability: 'icmp' as const,
      probes: { icmp: { interval_ms, timeout_ms } },
      commitment: toBase64(crypto.sha256(utf8(`commitment ${index}`))),
    };
  });
}

export function createTestAgent(options: TestAgentOptions): TestAgent {
  const { site, agent: code, start_ms } = options;
  const origin = options.origin ?? 'test/log-1';
  const targets = testTargets(options.targets ?? 6);
  const agent: TestAgent = {
    site,
    agent: code,
    epoch: options.epoch ?? 1,
    signer: options.signer ?? generateSigner().signer,
    list: { v: 1, version: 1, site, agent: code, log: origin, issued_ms: start_ms, targets },
    listHash: toBase64(new Uint8Array(32)),
    seq: 0,
    prev: new Uint8Array(32),
    at_ms: start_ms,
    start_ms,
    origin,
    next(batch = {}) {
      const ticks = batch.ticks ?? 60;
      const made = seal(agent, agent.seq + 1, agent.prev, ticks, batch);
      agent.seq = made.seq;
      agent.prev = made.hash;
      agent.at_ms += ticks * 1000;
      return made;
    },
    fork: (batch = {}) =>
      seal(agent, Math.max(agent.seq, 1), new Uint8Array(32).fill(7), batch.ticks ?? 59, batch),
    skip(ms) {
      agent.at_ms += ms;
    },
    hole(count, reason = 'spool_limit') {
      const from_seq = agent.seq + 1;
      agent.seq += count;
      agent.prev = crypto.sha256(utf8(`lost ${agent.seq}`));
      return signDocument(crypto, agent.signer, 'hole', {
        ...{ v: 1, site, agent: code, epoch: agent.epoch, from_seq, to_seq: agent.seq, reason },
        at_ms: agent.at_ms,
        next_prev: toBase64(agent.prev),
      });
    },
  };
  return agent;
}

/** The list as a signed envelope; also sets what the agent's headers name. */
export function signList(
  agent: TestAgent,
  documentSigner: Signer,
): { text: string; hash: Uint8Array } {
  const payload = utf8(JSON.stringify(agent.list));
  const envelope = signEnvelope(documentSigner, documentType('targets'), payload, crypto);
  const text = serializeEnvelope(envelope);
  const hash = documentHash(crypto, text);
  agent.listHash = toBase64(hash);
  return { text, hash };
}

function seal(
  agent: TestAgent,
  seq: number,
  prev: Uint8Array,
  ticks: number,
  options: BatchOptions,
): TestBatch {
  const packed = packSections(agent, ticks, options);
  const sections: SectionRef[] = packed.map(({ name, bytes }) => ({
    name,
    bytes: bytes.length,
    sha256: toBase64(crypto.sha256(bytes)),
  }));
  const end_ms = agent.at_ms + ticks * 1000;
  const mono_ms = agent.at_ms - agent.start_ms + 1_000_000;
  const first = seq === 1 && agent.epoch === 1;
  const header: BatchHeader = {
    v: 1,
    site: agent.site,
    agent: agent.agent,
    epoch: agent.epoch,
    seq,
    prev: toBase64(prev),
    list: { version: agent.list.version, hash: agent.listHash },
    seen: { log: agent.origin, size: 1 },
    boot: 'boot-1',
    run: 'run-1',
    sealed_ms: end_ms,
    closed_to_ms: end_ms,
    cause: 'minute',
    engine: { icmp: 'fping 5.1', arp: 'none' },
    software: 'lanproof test',
    clock: [{ mono_ms, wall_ms: agent.at_ms, source: 'kernel', sync: true, error_ms: 5 }],
    events: first
      ? [
          { code: 'start', mono_ms },
          { code: 'list_applied', mono_ms, value: agent.list.version, utc_ms: agent.start_ms },
        ]
      : [],
    sections,
    ...options.header,
  };
  const plain = encodeHeader(header);
  const bytes = options.rewrite === undefined ? plain : utf8(options.rewrite(decode(plain)));
  const signature = signBatch(agent.signer, bytes);
  const body = encodeWire({ header: bytes, signature, sections: packed.map((part) => part.bytes) });
  return { body, header, hash: batchHash(crypto, bytes), signature, seq };
}

function packSections(
  agent: TestAgent,
  ticks: number,
  options: BatchOptions,
): { name: SectionName; bytes: Uint8Array }[] {
  const names = ['infra', 'endpoints'] as const;
  const identity = options.sections?.identity;
  const told = identity === undefined ? [] : [{ name: 'identity' as const, bytes: identity }];
  const measured = names.flatMap((name) => {
    const series = seriesOf(agent, ticks, name, options.codes ?? {});
    if (series.length === 0) return [];
    const section: ResultSection = { v: 1, series };
    const changed = name === 'infra' && options.infra !== undefined;
    const json = changed
      ? utf8(JSON.stringify(options.infra?.(section)))
      : encodeResultSection(section);
    const salt = PRIVATE_SECTIONS.has(name) ? new Uint8Array(SALT_BYTES).fill(9) : null;
    return [{ name, bytes: options.sections?.[name] ?? packSection(name, json, salt) }];
  });
  return [...measured, ...told];
}

/** One series for each interval: ticks on whole multiples of it inside the batch's time. */
function seriesOf(
  agent: TestAgent,
  ticks: number,
  name: SectionName,
  codes: Readonly<Record<number, string>>,
): SeriesPart[] {
  const start = 1_000_000;
  const from = agent.at_ms - agent.start_ms;
  const closes = ticks === 60 && from % MINUTE_MS === 0;
  return [1_000, 5_000, 10_000].flatMap((i) => {
    const n0 = Math.ceil(from / i);
    const n = Math.ceil((from + ticks * 1000) / i) - n0;
    const targets = agent.list.targets.flatMap(({ kind, probes }, index) =>
      probes.icmp?.interval_ms === i && (kind === 'pc') === (name === 'endpoints') ? [index] : [],
    );
    if (targets.length === 0 || n === 0) return [];
    const s = targets.map((index) => (i === 1_000 ? codes[index] : undefined) ?? `r${n}`);
    const column = (us: number): number[] => targets.map((index) => us + index);
    const rtt = { min: column(200), med: column(300), p95: column(900), max: column(1_500) };
    const part = { probe: 'icmp' as const, t0: start, i, n0, n, targets, s };
    return [closes ? { ...part, rtt } : part];
  });
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Writes batches by hand for an agent that a collector knows, from its enrolment on. */
export function enrolledTestAgent({ identity, list }: EnrolledAgent, start_ms: number): TestAgent {
  const { site, agent: code, log, signer, origin } = identity;
  const agent = createTestAgent({
    ...{ site, agent: code, signer, origin: log, start_ms, epoch: origin.epoch },
  });
  agent.list = { ...agent.list, version: list.version, targets: [...list.targets] };
  agent.listHash = list.hash;
  agent.prev = origin.hash;
  agent.seq = origin.seq;
  return agent;
}
