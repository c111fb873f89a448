import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { equalBytes, utf8 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { type Envelope, serializeEnvelope } from '../../shared/evidence/dsse.ts';
import { createSpoolFile, type SpoolFileWriter } from '../../shared/node/spool-file.ts';
import { cutAtRotation, signHole } from '../deliver/hole.ts';
import { type Identity, loadIdentity } from '../identity.ts';
import { type CopyClock, copySpool } from './copy.ts';
import { SpoolDb } from './db.ts';
import { goneReason, readHead, readMarks } from './state.ts';

export interface ExportOptions extends CopyClock {
  readonly state_dir: string;
  /** The file to be written; a copy of the spool lies beside it meanwhile. */
  readonly file: string;
  /** Write over a file of this name. */
  readonly force: boolean;
  /** Also batches that the collector acknowledged: it may have been put back since. */
  readonly all: boolean;
  readonly crypto: Crypto;
  readonly signal: AbortSignal;
  /** Called with the seq that was written. */
  readonly onBatch: (seq: number, last: number) => void;
}

export interface Exported {
  readonly identity: Pick<Identity, 'site' | 'agent' | 'epoch'>;
  /** From 1; null: nothing waits. */
  readonly first_seq: number | null;
  readonly last_seq: number;
  readonly batches: number;
  readonly holes: number;
}

/**
 * Writes what waits in a spool into one file, also while its agent runs; the spool is only read.
 * Gaps become holes that the agent's key signs, as in a delivery. Throws SPOOL_FILE_EXISTS,
 * SPOOL_MISSING, SPOOL_BUSY and what loading the identity throws.
 */
export async function exportSpool(options: ExportOptions): Promise<Exported> {
  const { state_dir, crypto, file } = options;
  if (!options.force && existsSync(file)) throw fileExists(file);
  const identity = loadIdentity(state_dir, crypto);
  // Beside the file: it holds as much, and a commune's box may have no other room.
  const folder = await mkdtemp(join(dirname(resolve(file)), '.lanproof-spool-'));
  try {
    const copy = join(folder, 'spool.db');
    await copySpool(join(state_dir, 'spool.db'), copy, options);
    const db = new SpoolDb(copy);
    try {
      return await write(options, identity, db);
    } finally {
      db.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function write(options: ExportOptions, identity: Identity, db: SpoolDb): Promise<Exported> {
  const { epoch } = identity;
  const head = readHead(db, identity.origin);
  const marks = readMarks(db, head);
  const from = options.all ? (db.first(epoch, 1)?.seq ?? head.seq + 1) : marks.sent_to + 1;
  const writer = await createSpoolFile(options.file);
  try {
    for (const [kind, envelope] of papersOf(options.state_dir, identity)) {
      await writer.write({ kind, bytes: utf8(serializeEnvelope(envelope)) });
    }
    const counts = await writeChain(options, identity, db, writer, from);
    await writer.end();
    const { site, agent } = identity;
    const first_seq = counts.batches + counts.holes === 0 ? null : from;
    return { identity: { site, agent, epoch }, first_seq, last_seq: head.seq, ...counts };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

async function writeChain(
  options: ExportOptions,
  identity: Identity,
  db: SpoolDb,
  writer: SpoolFileWriter,
  from: number,
): Promise<{ batches: number; holes: number }> {
  const { crypto } = options;
  const { epoch } = identity;
  const last = db.last(epoch)?.seq ?? 0;
  const counts = { batches: 0, holes: 0 };
  let want = from;
  for (let row = db.first(epoch, want); row !== undefined; row = db.first(epoch, row.seq + 1)) {
    options.signal.throwIfAborted();
    // Damaged on disk: the batch behind it is preceded by a hole, as in a delivery.
    if (!equalBytes(crypto.sha256(row.body), row.digest)) continue;
    while (row.seq > want) {
      const reason = goneReason(db, epoch, want);
      const range = { from_seq: want, to_seq: row.seq - 1, reason, next_prev: row.prev };
      const hole = cutAtRotation({ kind: 'hole', ...range }, identity);
      const text = signHole(crypto, identity, hole, options.now_ms());
      await writer.write({ kind: 'hole', bytes: utf8(text) });
      counts.holes += 1;
      want = hole.to_seq + 1;
    }
    await writer.write({ kind: 'batch', bytes: row.body });
    counts.batches += 1;
    want = row.seq + 1;
    options.onBatch(row.seq, last);
  }
  return counts;
}

/** Who the agent is and by which list it measures; a collector has both, unless it was put back. */
function papersOf(
  state_dir: string,
  { enrolment }: Identity,
): (readonly ['enrol' | 'rotate' | 'targets', Envelope])[] {
  const rotations = (enrolment.rotations ?? []).map((one) => ['rotate', one] as const);
  const list = readList(state_dir);
  const targets = list === undefined ? [] : [['targets', list] as const];
  return [['enrol', enrolment.enrol], ...rotations, ...targets];
}

function readList(state_dir: string): Envelope | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(state_dir, 'targets.json'), 'utf8'));
    return (Object(value) as { envelope?: Envelope }).envelope;
  } catch {
    return undefined;
  }
}

function fileExists(place: string): LanProofError {
  return new LanProofError('SPOOL_FILE_EXISTS', 'there is a file of this name already', {
    hint: 'it may be of another commune: choose another name, or write over it with --force',
    place,
  });
}
