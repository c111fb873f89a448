/** Each named limit of what is read: the largest that fits is taken, the next one refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBase64 } from '../../../shared/bytes.ts';
import { parseDocuments } from '../../../shared/evidence/bundle/documents.ts';
import { headLine } from '../../../shared/evidence/bundle/lines.ts';
import {
  AGENTS_MAX,
  encodeStatement,
  parseStatement,
  TEXT_CHARS_MAX,
} from '../../../shared/evidence/bundle/manifest.ts';
import { batchesName, entryKind, NAME_BYTES_MAX } from '../../../shared/evidence/bundle/names.ts';
import { formatPolicy, LINES_MAX, parsePolicy } from '../../../shared/evidence/bundle/policy.ts';
import {
  HASHES_MAX,
  inclusionBytesMax,
  parseConsistency,
} from '../../../shared/evidence/bundle/proofs.ts';
import {
  BUNDLE_ENTRIES_MAX,
  type BundleManifest,
  LOG_LEAVES_MAX,
  LOGS_MAX,
  PERIOD_MAX_MS,
} from '../../../shared/evidence/bundle/types.ts';
import {
  CENTRAL_BYTES,
  END_BYTES,
  endRecord,
  layOut,
  parseEnd,
} from '../../../shared/evidence/bundle/zip-format.ts';
import {
  formatCheckpoint,
  ORIGIN_CHARS_MAX,
  parseCheckpoint,
} from '../../../shared/evidence/checkpoint.ts';
import {
  ENVELOPE_NAME_CHARS_MAX,
  ENVELOPE_SIGNATURES_MAX,
  parseEnvelope,
} from '../../../shared/evidence/dsse.ts';
import {
  NOTE_CHARS_MAX,
  NOTE_SIGNATURES_MAX,
  openNote,
  signNote,
} from '../../../shared/evidence/note.ts';
import {
  formatTlogProof,
  PROOF_CHARS_MAX,
  PROOF_HASHES_MAX,
  parseTlogProof,
} from '../../../shared/evidence/tlog-proof.ts';
import { TIME_MS_MAX } from '../../../shared/measure/strict.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { isCode } from '../../fixtures/errors.ts';
import { testSigner } from '../../fixtures/test-keys.ts';

const crypto = createNodeCrypto();
const signer = testSigner('log');
const HASH = new Uint8Array(32);
const DAY_MS = 86_400_000;
const NAME = 'log.test';

interface Limit {
  readonly what: string;
  readonly max: number;
  /** Reads something that is as large as `size` says. */
  readonly read: (size: number) => unknown;
  readonly code: string;
}

const list = <T>(length: number, item: (at: number) => T): T[] =>
  Array.from({ length }, (_, at) => item(at));

function proof(change: { checkpoint?: string; hashes?: readonly Uint8Array[] }): string {
  return formatTlogProof({ extra: null, index: 0, hashes: [], checkpoint: '', ...change });
}

function note(chars: number): string {
  const without = signNote(crypto, NAME, signer, '\n').length;
  return signNote(crypto, NAME, signer, `${'x'.repeat(chars - without)}\n`);
}

function signed(signatures: number): string {
  const [text = '', line = ''] = signNote(crypto, NAME, signer, 'x\n').split('\n\n');
  return `${text}\n\n${line.repeat(signatures)}`;
}

const open = (text: string): string => openNote(crypto, text, NAME, signer.publicKey);

function envelope(change: object, keyid = 'x', signatures = 1): void {
  const sig = toBase64(new Uint8Array(64));
  const all = list(signatures, () => ({ keyid, sig }));
  parseEnvelope(JSON.stringify({ payloadType: 'x', payload: '', signatures: all, ...change }));
}

const MANIFEST: BundleManifest = {
  ...{ v: 1, site: 'a', from_ms: 0, to_ms: 60_000, masked: false },
  as_of: { log: NAME, size: 1, to_ms: 60_000, at_ms: 60_000 },
  ...{ rules: 1, begin: null, begin_ms: 0, end_ms: 60_000, agents: [], software: 'x' },
};
const statement = (change: Partial<BundleManifest>): void => {
  parseStatement(encodeStatement({ subjects: [], manifest: { ...MANIFEST, ...change } }));
};
const agent = (at: number) => {
  const code = `a${String(at).padStart(5, '0')}`;
  return { agent: code, epoch: 1, before_seq: 0, before_hash: null };
};

function end(entries: number, central_bytes: number): void {
  const size = central_bytes + END_BYTES;
  parseEnd(endRecord({ entries, central: 0, central_bytes }), size);
}

function policy(lines: number): void {
  const log = { name: NAME, publicKey: signer.publicKey };
  const two = formatPolicy(crypto, { logs: [log], witnesses: [], quorum: 'none' });
  parsePolicy(crypto, '#\n'.repeat(lines - 2) + two);
}

function consistency(hashes: number): void {
  const proofs = `1${` ${toBase64(HASH)}`.repeat(hashes)}`;
  parseConsistency(`lanproof-consistency/v1 ${NAME} 2\n${proofs}\n`);
}

const place = (log: number, leaf: number): unknown =>
  parseDocuments(`${JSON.stringify({ log, leaf, text: 'x' })}\n`);
const checkpoint = (chars: number): unknown =>
  parseCheckpoint(formatCheckpoint({ origin: 'x'.repeat(chars), size: 1, root: HASH }));

const LIMITS: readonly Limit[] = [
  {
    ...{ what: 'characters of a proof', max: PROOF_CHARS_MAX, code: 'PROOF_FORMAT' },
    read: (size) => parseTlogProof(proof({ checkpoint: 'x'.repeat(size - proof({}).length) })),
  },
  {
    ...{ what: 'hashes of a proof', max: PROOF_HASHES_MAX, code: 'PROOF_FORMAT' },
    read: (size) => parseTlogProof(proof({ hashes: list(size, () => HASH) })),
  },
  {
    ...{ what: 'hashes of a consistency proof', max: HASHES_MAX, code: 'BUNDLE_FORMAT' },
    read: consistency,
  },
  {
    ...{ what: 'characters of a note', max: NOTE_CHARS_MAX, code: 'NOTE_FORMAT' },
    read: (size) => open(note(size)),
  },
  {
    ...{ what: 'signatures of a note', max: NOTE_SIGNATURES_MAX, code: 'NOTE_FORMAT' },
    read: (size) => open(signed(size)),
  },
  {
    ...{ what: 'an origin in a checkpoint', max: ORIGIN_CHARS_MAX, code: 'CHECKPOINT_FORMAT' },
    read: checkpoint,
  },
  {
    ...{ what: 'an origin in a head line', max: ORIGIN_CHARS_MAX, code: 'BUNDLE_FORMAT' },
    read: (size) => headLine('x', { origin: 'x'.repeat(size), size: 1 }),
  },
  {
    ...{ what: 'leaves in a head line', max: LOG_LEAVES_MAX, code: 'BUNDLE_FORMAT' },
    read: (size) => headLine('x', { origin: NAME, size }),
  },
  {
    ...{ what: 'signatures of an envelope', max: ENVELOPE_SIGNATURES_MAX, code: 'DSSE_FORMAT' },
    read: (size) => envelope({}, 'x', size),
  },
  {
    ...{ what: 'a type of an envelope', max: ENVELOPE_NAME_CHARS_MAX, code: 'DSSE_FORMAT' },
    read: (size) => envelope({ payloadType: 'x'.repeat(size) }),
  },
  {
    ...{ what: 'a keyid of an envelope', max: ENVELOPE_NAME_CHARS_MAX, code: 'DSSE_FORMAT' },
    read: (size) => envelope({}, 'x'.repeat(size)),
  },
  {
    ...{ what: 'a text of the manifest', max: TEXT_CHARS_MAX, code: 'BUNDLE_FORMAT' },
    read: (size) => statement({ software: 'x'.repeat(size) }),
  },
  {
    ...{ what: 'agents of the manifest', max: AGENTS_MAX, code: 'BUNDLE_FORMAT' },
    read: (size) => statement({ agents: list(size, agent) }),
  },
  {
    ...{ what: 'minutes of the period', max: PERIOD_MAX_MS / 60_000, code: 'BUNDLE_FORMAT' },
    read: (size) => statement({ to_ms: size * 60_000 }),
  },
  ...(['to_ms', 'at_ms'] as const).map((member) => ({
    ...{ what: `as_of/${member}`, max: TIME_MS_MAX, code: 'BUNDLE_FORMAT' },
    read: (size: number) => statement({ as_of: { ...MANIFEST.as_of, [member]: size } }),
  })),
  {
    ...{ what: 'end_ms', max: TIME_MS_MAX, code: 'BUNDLE_FORMAT' },
    read: (size: number) => statement({ end_ms: size }),
  },
  {
    ...{
      what: 'minutes of begin_ms',
      max: Math.floor(TIME_MS_MAX / 60_000),
      code: 'BUNDLE_FORMAT',
    },
    read: (minutes: number) => statement({ begin_ms: minutes * 60_000 }),
  },
  {
    ...{ what: 'the log of the beginning', max: LOGS_MAX, code: 'BUNDLE_FORMAT' },
    read: (log) => statement({ begin: { log, leaf: 0 } }),
  },
  {
    ...{ what: 'the leaf of the beginning', max: LOG_LEAVES_MAX - 1, code: 'BUNDLE_FORMAT' },
    read: (leaf) => statement({ begin: { log: 1, leaf } }),
  },
  {
    ...{ what: 'the log of a document', max: LOGS_MAX, code: 'BUNDLE_FORMAT' },
    read: (log) => place(log, 0),
  },
  {
    ...{ what: 'the leaf of a document', max: LOG_LEAVES_MAX - 1, code: 'BUNDLE_FORMAT' },
    read: (leaf) => place(1, leaf),
  },
  { ...{ what: 'lines of a policy', max: LINES_MAX, code: 'BUNDLE_FORMAT' }, read: policy },
  {
    ...{ what: 'files to be written', max: BUNDLE_ENTRIES_MAX, code: 'BUNDLE_FORMAT' },
    read: (size) =>
      layOut(list(size, (at) => ({ name: batchesName(at * DAY_MS), size: 0, crc32: 0 }))),
  },
  {
    ...{ what: 'files of a directory', max: BUNDLE_ENTRIES_MAX, code: 'BUNDLE_FORMAT' },
    read: (size) => end(size, CENTRAL_BYTES),
  },
  {
    ...{ what: 'bytes of names in a directory', max: 3 * NAME_BYTES_MAX, code: 'BUNDLE_FORMAT' },
    read: (size) => end(3, 3 * CENTRAL_BYTES + size),
  },
];

for (const { what, max, read, code } of LIMITS) {
  test(`${what}: ${max} and no more`, () => {
    read(max);
    assert.throws(() => read(max + 1), isCode(code));
  });
}

test('a log has one of so many numbers, and a proof so many hashes for its leaves', () => {
  assert.equal(entryKind(`logs/${LOGS_MAX}/leaves.txt`)?.kind, 'log');
  assert.equal(entryKind(`logs/${LOGS_MAX + 1}/leaves.txt`), null);
  assert.equal(inclusionBytesMax(0), 32, 'the root alone');
  assert.equal(inclusionBytesMax(2), 2 * PROOF_HASHES_MAX * 32);
});
