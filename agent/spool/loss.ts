import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LanProofError } from '../../shared/errors.ts';
import type { ChainHead } from '../../shared/evidence/chain.ts';
import { giveToOwner } from '../../shared/node/folder-owner.ts';
import { isDiskError, SpoolDb } from './db.ts';

/** How far the hint beside the spool may lag behind; it is written without fsync. */
const HINT_MARGIN = 10_000;
const SECOND_MS = 1_000;
/** 2020-01-01: no agent is older, and counted from here 31 bits last until 2088. */
const BEFORE_ALL_MS = 1_577_836_800_000;
const HINT_FILE = 'spool.head';

/** The newest seq that was noted beside the spool, or undefined. */
export function readHeadHint(dir: string): ChainHint | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(dir, HINT_FILE), 'utf8'));
    const { epoch, seq } = Object.assign({ epoch: 0, seq: 0 }, value);
    return Number.isSafeInteger(epoch) && Number.isSafeInteger(seq) ? { epoch, seq } : undefined;
  } catch {
    return undefined;
  }
}

export interface ChainHint {
  readonly epoch: number;
  readonly seq: number;
}

/**
 * Where the chain goes on when the spool is lost and nobody here knows the last seq. It must be
 * beyond every seq that was ever sent, or the next batch would be a conflict: an agent seals less
 * than one batch a second, so the seconds since 2020 are beyond it. The jump becomes a signed
 * hole `lost_disk` as soon as the collector says which seq it expects. `issued_ms` is when the
 * enrolment was signed, UTC ms by the collector's clock.
 */
export function headAfterLoss(
  origin: ChainHead,
  wall_ms: number,
  hint: ChainHint | undefined,
  issued_ms = 0,
): ChainHead {
  const noted = hint?.epoch === origin.epoch ? hint.seq + HINT_MARGIN : 0;
  // A clock that an empty battery set back is known to be wrong before the enrolment.
  const now_ms = Math.max(wall_ms, issued_ms, BEFORE_ALL_MS);
  return { ...origin, seq: Math.max(Math.floor((now_ms - BEFORE_ALL_MS) / SECOND_MS), noted) };
}

/** Moves a damaged spool aside for a later look; the newest damaged one is kept. */
export function moveAside(path: string): void {
  for (const end of ['', '-wal', '-shm']) {
    // A side file of the damaged spool must never meet the new one.
    if (existsSync(`${path}${end}`)) renameSync(`${path}${end}`, `${path}.damaged${end}`);
  }
}

export function spoolExists(path: string): boolean {
  return existsSync(path);
}

/** Opens the spool; throws an SqliteError where the file is damaged. */
export function openChecked(path: string): SpoolDb {
  const db = new SpoolDb(path);
  try {
    // After a clean stop the file is what it was; after anything else it is read through once.
    if (db.meta('clean') !== 'yes') db.check();
    if (db.meta('clean') === 'yes') db.setMeta('clean', 'no');
  } catch (error) {
    if (isDiskError(error)) return db;
    db.close();
    throw error;
  }
  return db;
}

/**
 * Notes the newest seq beside the spool. Enrolment notes seq 0, so that a missing spool with a
 * note is known to be lost, not new.
 */
export function writeHeadHint(dir: string, head: ChainHint): void {
  try {
    const text = JSON.stringify({ epoch: head.epoch, seq: head.seq });
    const path = join(dir, HINT_FILE);
    writeFileSync(path, `${text}\n`);
    giveToOwner(path);
  } catch {
    // Only a hint for the day on which the spool is lost.
  }
}

/** A disk error at the start, explained; other errors as they are. */
export function unusable(error: unknown, path: string): unknown {
  if (!isDiskError(error)) return error;
  return new LanProofError('SPOOL_UNUSABLE', `the spool cannot be opened: ${error.message}`, {
    hint: 'free space, or make state_dir writable for the agent; then start it again',
    place: path,
    cause: error,
  });
}
