import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { LanProofError } from '../../shared/errors.ts';
import { type Envelope, serializeEnvelope } from '../../shared/evidence/dsse.ts';
import { makeFolder } from '../../shared/node/make-folder.ts';
import { writeAtomically } from '../../shared/node/whole-file.ts';
import { isRefused, unreadable } from '../identity.ts';

/** In state_dir: one file for each contradiction that this agent found in the collector's log. */
export const ALARMS_DIR = 'alarms';
const FILE = /^history-([0-9a-f]{16})(\.acknowledged)?\.json$/;
const ID_HEX = 16;
const DIR_MODE = 0o700;
const PRIVATE_MODE = 0o600;
/** A collector that goes on contradicting makes one an hour; more of them prove nothing more. */
export const ALARMS_OPEN_MAX = 100;

/**
 * The log was rewritten: both sides of it are signed, so that this file is the proof. `seen` and
 * `shown` are notes under one log key; where a new log stands on another history, its log-open
 * (under the document key) takes the place of `shown`.
 */
export interface Contradiction {
  readonly v: 1;
  /** UTC ms by the agent's run. */
  readonly at_ms: number;
  /** Origin of the log. */
  readonly log: string;
  readonly message: string;
  /** The checkpoint that this agent verified earlier, verbatim. */
  readonly seen: string;
  readonly shown: string | null;
  readonly log_open: Envelope | null;
  /** Base64 hashes that were given as a proof that the log only grew; they do not prove it. */
  readonly consistency: readonly string[];
}

export interface KeptAlarm {
  /** Whole path. */
  readonly file: string;
  readonly acknowledged: boolean;
}

/** Keeps contradictions until a person acknowledges them; a restart forgets none. */
export class AlarmBook {
  readonly #state_dir: string;
  /** What the disk refused so far. */
  readonly #unwritten = new Map<string, Contradiction>();

  constructor(state_dir: string) {
    this.#state_dir = state_dir;
  }

  /** Contradictions that nobody acknowledged. */
  get count(): number {
    const files = listAlarms(this.#state_dir).filter(({ acknowledged }) => !acknowledged);
    return files.length + this.#unwritten.size;
  }

  /** Keeps it. `new`: it was not known before, and somebody has to be told. */
  raise(found: Contradiction): 'new' | 'open' | 'acknowledged' {
    const id = idOf(found);
    for (const [waiting, earlier] of this.#unwritten) this.#write(waiting, earlier);
    const kept = listAlarms(this.#state_dir);
    const known = kept.find(({ file }) => file.includes(`history-${id}`));
    if (known !== undefined) return known.acknowledged ? 'acknowledged' : 'open';
    if (this.#unwritten.has(id)) return 'open';
    if (kept.filter(({ acknowledged }) => !acknowledged).length >= ALARMS_OPEN_MAX) return 'open';
    this.#write(id, found);
    return 'new';
  }

  #write(id: string, found: Contradiction): void {
    const dir = join(this.#state_dir, ALARMS_DIR);
    try {
      makeFolder(dir, DIR_MODE);
      const text = `${JSON.stringify(found, null, 2)}\n`;
      writeAtomically(join(dir, `history-${id}.json`), text, PRIVATE_MODE);
      this.#unwritten.delete(id);
    } catch {
      // A full disk must not lose the alarm while this process lives; the spool tells of the disk.
      if (this.#unwritten.size < ALARMS_OPEN_MAX) this.#unwritten.set(id, found);
    }
  }
}

/** Kept contradictions, oldest name first. Throws LanProofError STATE_DIR_UNREADABLE. */
export function listAlarms(state_dir: string): KeptAlarm[] {
  const dir = join(state_dir, ALARMS_DIR);
  let names: string[];
  try {
    names = readdirSync(dir).sort();
  } catch (cause) {
    if (isRefused(cause)) throw unreadable(dir, cause);
    return [];
  }
  return names.flatMap((name) => {
    const match = FILE.exec(name);
    if (match === null) return [];
    return [{ file: join(dir, name), acknowledged: match[2] !== undefined }];
  });
}

/** What a kept file says. Throws LanProofError ALARM_UNREADABLE. */
export function readAlarm({ file }: KeptAlarm): Contradiction {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Contradiction;
  } catch (cause) {
    throw new LanProofError('ALARM_UNREADABLE', 'a kept contradiction cannot be read', {
      hint: 'keep the file for the auditor as it is',
      place: file,
      cause,
    });
  }
}

/** Marks every open contradiction as acknowledged; the files stay. Returns their new names. */
export function acknowledgeAlarms(state_dir: string): string[] {
  const open = listAlarms(state_dir).filter(({ acknowledged }) => !acknowledged);
  return open.map(({ file }) => {
    const renamed = file.replace(/\.json$/, '.acknowledged.json');
    renameSync(file, renamed);
    return renamed;
  });
}

/** Two notes make one contradiction, whenever it was found. */
function idOf({ seen, shown, log_open }: Contradiction): string {
  const other = shown ?? (log_open === null ? '' : serializeEnvelope(log_open));
  return createHash('sha256').update(`${seen}\n${other}`).digest('hex').slice(0, ID_HEX);
}
