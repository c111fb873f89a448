import { toBase64 } from '../shared/bytes.ts';
import { batchHash, type ChainHead, signBatch } from '../shared/evidence/chain.ts';
import type { Crypto, Signer } from '../shared/evidence/crypto.ts';
import {
  BATCH_VERSION,
  type BatchHeader,
  type ClockSample,
  PRIVATE_SECTIONS,
  SALT_BYTES,
  type SealCause,
  type SectionName,
} from '../shared/measure/batch.ts';
import { encodeHeader } from '../shared/measure/header.ts';
import { encodeResultSection } from '../shared/measure/section.ts';
import { encodeIdentitySection } from '../shared/measure/section-identity.ts';
import { encodeWire } from '../shared/measure/wire.ts';
import { packSection } from '../shared/node/section-bytes.ts';
import type { Draft } from './record/draft.ts';

/** A batch that is signed and ready for the spool and the wire. */
export interface SealedBatch {
  readonly epoch: number;
  readonly seq: number;
  readonly hash: Uint8Array;
  readonly prev: Uint8Array;
  readonly header: Uint8Array;
  readonly signature: Uint8Array;
  readonly sections: readonly Uint8Array[];
  /** The request body: header, signature and sections in their frame. */
  readonly body: Uint8Array;
  readonly sealed_ms: number;
}

/** What the header says beside the draft. Programs are `name version`, `none` where absent. */
export interface SealFacts {
  readonly cause: SealCause;
  /** UTC ms by the run's offset. */
  readonly sealed_ms: number;
  readonly boot: string;
  readonly run: string;
  readonly clock: readonly ClockSample[];
  readonly seen: BatchHeader['seen'];
  /** With the first batch of a run, which names the programs of the whole run. */
  readonly engine: BatchHeader['engine'] | undefined;
}

export interface SealerDeps {
  readonly crypto: Crypto;
  readonly signer: Signer;
  readonly site: string;
  readonly agent: string;
  /** `lanproof 0.1.0` */
  readonly software: string;
  /** Fresh random bytes: the salts of the private sections. */
  readonly randomBytes: (count: number) => Uint8Array;
}

/** Makes signed batches of drafts. It keeps no state: the chain's head comes from the spool. */
export function createSealer(deps: SealerDeps) {
  return {
    /** Packs, hashes, chains to `head` and signs. Throws LanProofError WIRE_TOO_LARGE. */
    seal(draft: Draft, facts: SealFacts, head: ChainHead): SealedBatch {
      const packed = pack(draft, deps.randomBytes);
      const header = encodeHeader({
        v: BATCH_VERSION,
        site: deps.site,
        agent: deps.agent,
        epoch: head.epoch,
        seq: head.seq + 1,
        prev: toBase64(head.hash),
        list: { version: draft.list.version, hash: draft.list.hash },
        seen: facts.seen,
        boot: facts.boot,
        run: facts.run,
        sealed_ms: Math.max(0, Math.round(facts.sealed_ms)),
        closed_to_ms: draft.closed_to_ms,
        cause: facts.cause,
        ...(facts.engine === undefined ? {} : { engine: facts.engine, software: deps.software }),
        clock: facts.clock,
        events: draft.events,
        sections: packed.map(({ name, bytes }) => ({
          name,
          bytes: bytes.length,
          sha256: toBase64(deps.crypto.sha256(bytes)),
        })),
      });
      const signature = signBatch(deps.signer, header);
      const sections = packed.map(({ bytes }) => bytes);
      return {
        epoch: head.epoch,
        seq: head.seq + 1,
        hash: batchHash(deps.crypto, header),
        prev: head.hash,
        header,
        signature,
        sections,
        body: encodeWire({ header, signature, sections }),
        sealed_ms: Math.max(0, Math.round(facts.sealed_ms)),
      };
    },
  };
}

export type Sealer = ReturnType<typeof createSealer>;

function pack(draft: Draft, randomBytes: SealerDeps['randomBytes']) {
  const { infra, endpoints, identity } = draft;
  const texts: [SectionName, Uint8Array | undefined][] = [
    ['infra', infra && encodeResultSection(infra)],
    ['endpoints', endpoints && encodeResultSection(endpoints)],
    ['identity', identity && encodeIdentitySection(identity)],
  ];
  return texts.flatMap(([name, json]) => {
    if (json === undefined) return [];
    const salt = PRIVATE_SECTIONS.has(name) ? randomBytes(SALT_BYTES) : null;
    return [{ name, bytes: packSection(name, json, salt) }];
  });
}
