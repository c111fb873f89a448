/** What the verifier is given and what it says (docs/formats/bundle.md, docs/auditor.md). */
import type { FiguresFile } from '../../judge/replay/figures-file.ts';
import type { SectionName } from '../../measure/batch.ts';
import type { BundleManifest } from '../bundle/types.ts';
import type { ByteSource } from '../bundle/zip-reading.ts';
import type { Crypto } from '../crypto.ts';
import type { FindingCode, Severity } from './codes.ts';

/** The fifteen checks, in the order in which they are told. */
export const CHECKS = [
  'container',
  'policy',
  'checkpoint',
  'anchor',
  'consistency',
  'keys',
  'signatures',
  'chain',
  'inclusion',
  'seen',
  'time',
  'completeness',
  'documents',
  'figures',
  'verdict',
] as const;
export type CheckId = (typeof CHECKS)[number];

/** SHA-256 of bytes that come in pieces. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  /** 32 bytes; nothing can be added afterwards. */
  digest(): Uint8Array;
}

/** What a time-stamp authority said about a checkpoint. */
export interface AnchorAnswer {
  readonly ok: boolean;
  /** When it was said, UTC ms; null where that cannot be read. */
  readonly gen_time_ms: number | null;
  /** A code; null where nothing is wrong. `untrusted_root`: all else fits. */
  readonly problem: string | null;
}

/** Progress of the longest steps, for a bar. */
export interface Step {
  readonly check: CheckId;
  readonly done: number;
  readonly total: number;
}

/** What an auditor holds beside the bundle; nothing of it comes from the bundle. */
export interface Held {
  /** Text of the auditor's own policy; null: the keys inside the bundle are only candidates. */
  readonly trust: string | null;
  /** Printed checkpoints as typed in: three lines, or signed notes. */
  readonly checkpoints: readonly string[];
  /** Hash of the bundle that is printed on the report, 64 hex digits. */
  readonly bundle_sha256: string | null;
  /** Trusted certificates of time-stamp authorities, DER. */
  readonly tsa_roots: readonly Uint8Array[];
}

export interface VerifyOptions extends Held {
  readonly source: ByteSource;
  readonly crypto: Crypto;
  readonly createSha256: () => Hasher;
  /** CRC-32 of bytes that go on from `before`; default: our own, which every browser runs. */
  readonly crc32?: (bytes: Uint8Array, before: number) => number;
  /** Inflates a stored section with its cap. Throws LanProofError SECTION_*. */
  readonly unpackSection: (name: SectionName, stored: Uint8Array) => Uint8Array;
  /** True: every signature of a batch; else one an hour and agent, the chain proves the rest. */
  readonly every: boolean;
  readonly verifyTimestamp: (
    token: Uint8Array,
    data: Uint8Array,
    roots: readonly Uint8Array[],
  ) => Promise<AnchorAnswer>;
  readonly onProgress: (step: Step) => void;
  /** Called often: a browser draws meanwhile. */
  readonly breathe: () => Promise<void>;
}

/** Values that a text is filled with; never prose. */
export type Detail = Readonly<Record<string, string | number>>;

export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** A file with its line, a leaf, a batch: where somebody would look. */
  readonly place: string;
  readonly detail: Detail;
}

export type CheckStatus = 'ok' | 'gap' | 'failed' | 'not_checked';

export interface CheckResult {
  readonly id: CheckId;
  readonly status: CheckStatus;
  /** The first ones of each severity. */
  readonly findings: readonly Finding[];
  /** How many more there were. */
  readonly more: number;
  /** What was looked at, e.g. 129,600 batches. */
  readonly counted: Readonly<Record<string, number>>;
}

/** A finding that says where data are missing, or what could not be compared. */
export interface Gap extends Finding {
  readonly check: CheckId;
}

/** What is not proved, printed with every verdict. */
export interface Exposure {
  /** Whether the log keys came another way than in the bundle. */
  readonly keys: 'candidates' | 'compared';
  /** Newest time that an outside anchor vouches for, UTC ms; null: none does. */
  readonly anchored_ms: number | null;
  /** Since then whoever holds all keys could have written anything, UTC ms; null: not at all. */
  readonly unanchored_from_ms: number | null;
  readonly unanchored_to_ms: number;
  /** Printed checkpoints that were typed in and fit. */
  readonly printed: number;
  /** Batches whose time is bounded by anchors on both sides, and all batches. */
  readonly strong_batches: number;
  readonly batches: number;
}

/** The day document that the figures begin with: signed and logged, not recomputed. */
export interface CarriedIn {
  readonly day: string;
  readonly log: number;
  readonly leaf: number;
  readonly devices: number;
  readonly incidents: number;
}

export type Outcome = 'pass' | 'pass_with_gaps' | 'fail';

export interface Verdict {
  readonly outcome: Outcome;
  /** SHA-256 of the whole file, hex; null where it could not be read to its end. */
  readonly bundle_sha256: string | null;
  readonly manifest: BundleManifest | null;
  /** Always all fifteen, in order. */
  readonly checks: readonly CheckResult[];
  /** Recomputed from batches and documents; null where that was not possible. */
  readonly figures: FiguresFile | null;
  readonly gaps: readonly Gap[];
  readonly exposure: Exposure;
  readonly carried_in: CarriedIn | null;
}
