import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LanProofError } from '../../shared/errors.ts';
import { makeFolder } from '../../shared/node/make-folder.ts';
import { writeAtomically } from '../../shared/node/whole-file.ts';

/** Says that a folder belongs to a demo, so that --fresh never deletes anything else. */
export const MARKER_FILE = 'lanproof-demo.json';
const MARKER_KIND = 'lanproof-demo';
const PRIVATE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** What a later start must know. */
export interface DemoState {
  readonly kind: typeof MARKER_KIND;
  /** The script is a function of it: first start, UTC epoch ms, a whole minute. */
  readonly anchor_ms: number;
  /** Days of history that the first start was asked for. */
  readonly days: number;
  /** True once the history was made, or was given up by a later start. */
  readonly history_done: boolean;
}

/**
 * Opens the demo's folder; `first` describes a new one. Throws LanProofError DEMO_FOLDER where
 * the folder holds something else or cannot be made.
 */
export function openFolder(
  data_dir: string,
  fresh: boolean,
  first: Omit<DemoState, 'kind' | 'history_done'>,
): DemoState {
  const marker = join(data_dir, MARKER_FILE);
  const used = existsSync(data_dir) && readdirSync(data_dir).length > 0;
  const known = used ? readMarker(marker) : undefined;
  if (used && known === undefined) {
    throw new LanProofError('DEMO_FOLDER', 'this folder holds something that is no demo', {
      hint: 'choose another folder with --data DIR, or move its contents away',
      place: data_dir,
    });
  }
  if (known !== undefined && !fresh) return known;
  if (used) rmSync(data_dir, { recursive: true });
  try {
    makeFolder(data_dir, FOLDER_MODE);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new LanProofError('DEMO_FOLDER', `this folder cannot be made (${code})`, {
      hint: 'choose another folder with --data DIR',
      place: data_dir,
      cause,
    });
  }
  const state: DemoState = { kind: MARKER_KIND, ...first, history_done: first.days === 0 };
  saveState(data_dir, state);
  return state;
}

export function saveState(data_dir: string, state: DemoState): void {
  writeAtomically(join(data_dir, MARKER_FILE), `${JSON.stringify(state)}\n`, PRIVATE_MODE);
}

/** Writes access.json for scripts; its tokens open the demo only. */
export function writeAccess(
  data_dir: string,
  access: {
    readonly url: string;
    readonly admin_token: string;
    readonly viewer_token: string;
    readonly sites: readonly string[];
  },
): string {
  const path = join(data_dir, 'access.json');
  writeAtomically(path, `${JSON.stringify(access, null, 2)}\n`, PRIVATE_MODE);
  return path;
}

function readMarker(path: string): DemoState | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const state = Object.assign({ kind: '' }, value);
    return state.kind === MARKER_KIND ? (state as DemoState) : undefined;
  } catch {
    return undefined;
  }
}
