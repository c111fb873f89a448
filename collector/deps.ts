import type { FastifyBaseLogger } from 'fastify';
import type { Policy } from '../shared/evidence/bundle/policy.ts';
import type { Crypto, Signer } from '../shared/evidence/crypto.ts';
import type { AgentIndex } from './auth/agent-auth.ts';
import type { NonceStore } from './auth/nonces.ts';
import type { Ingest } from './ingest/types.ts';
import type { JudgeReader } from './judge/read-types.ts';
import type { AnchorKeeper } from './ledger/anchors/types.ts';
import type { Ledger } from './ledger/types.ts';
import type { NightlyVerification } from './ledger/verify/nightly.ts';
import type { LiveHub } from './live/hub.ts';
import type { Reports } from './report/issue/reports.ts';
import type { Store } from './store/store.ts';

/** Everything that the HTTP face of the collector works with; main.ts and tests put it together. */
export interface CollectorDeps {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly ingest: Ingest;
  readonly judge: JudgeReader;
  readonly anchors: AnchorKeeper;
  /** Looks at what is stored, a part each night. */
  readonly nightly: NightlyVerification;
  readonly crypto: Crypto;
  /** Raw public key of the log. */
  readonly log_key: Uint8Array;
  readonly document_key: Signer;
  /** Base64 SHA-256 of the TLS key that agents pin; null for plain HTTP. */
  readonly tls_spki: string | null;
  /** Wall clock, UTC epoch ms. */
  readonly now_ms: () => number;
  /** Monotonic ms. */
  readonly mono_ms: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly logger: FastifyBaseLogger;
  readonly software: string;
  /** Inputs that the judge passed over, and sites that wait for it. */
  readonly judge_stats: () => { readonly faults: number; readonly waiting: number };
  /** Whose cosignatures are asked for: bundles name their keys. */
  readonly witnesses: Policy['witnesses'];
  /** Where issued reports lie. */
  readonly reports_folder: string;
  /** The demo: marked everywhere, loopback addresses are targets. */
  readonly demo: boolean;
}

/** What routes share inside one app. */
export interface AppContext extends CollectorDeps {
  readonly nonces: NonceStore;
  readonly agents: AgentIndex;
  readonly hub: LiveHub;
  readonly reports: Reports;
}

/** The part that command lines beside a running collector have, too. */
export type PeopleDeps = Pick<CollectorDeps, 'store' | 'now_ms' | 'random'>;
