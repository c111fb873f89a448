/** What the auditor holds, read before anything is verified: a slip of typing is no finding. */
import { existsSync, readFileSync } from 'node:fs';
import { LanProofError } from '../../../shared/errors.ts';
import { parsePolicy } from '../../../shared/evidence/bundle/policy.ts';
import { certificatesFromPem } from '../../../shared/evidence/timestamp/pem.ts';
import { readPrinted } from '../../../shared/evidence/verify/anchors.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { usage } from '../command.ts';

/** Words of the three lines: a name of a log has no spaces. */
const CHECKPOINT_WORDS = 3;

/** The text of a policy file. Throws USAGE where it is none. */
export function trustOf(path: string): string {
  const text = textOf('--trust', path);
  try {
    parsePolicy(createNodeCrypto(), text.endsWith('\n') ? text : `${text}\n`, path);
  } catch (cause) {
    throw unfit('--trust', 'give a list of keys as policy.txt of a bundle is one', cause);
  }
  return text;
}

/** Three words are the three lines, anything else is a file. Throws USAGE where neither fits. */
export function checkpointOf(given: string): string {
  const words = given.trim().split(/\s+/);
  // A path may hold spaces, too: what exists is a file.
  const typed = words.length >= CHECKPOINT_WORDS && !existsSync(given);
  const text = !typed
    ? textOf('--checkpoint', given)
    : given.includes('\n')
      ? given
      : typedLines(words);
  if (readPrinted(text) !== null) return text;
  const hint =
    'type the three lines as printed (name, size, root), or name a file of them; repeat the option for a second checkpoint';
  throw usage('--checkpoint is not the three lines of one checkpoint', hint);
}

/** The words as lines; signatures of a note stay one line, so that anything else is refused. */
function typedLines(words: readonly string[]): string {
  const rest = words.slice(CHECKPOINT_WORDS).join(' ');
  return [...words.slice(0, CHECKPOINT_WORDS), rest].join('\n');
}

/** DER of the certificates in a PEM file. Throws USAGE where there is none. */
export function rootsOf(path: string): Uint8Array[] {
  const text = textOf('--tsa-ca', path);
  try {
    return certificatesFromPem(text);
  } catch (cause) {
    const hint = 'give a PEM file that begins with -----BEGIN CERTIFICATE-----';
    throw unfit('--tsa-ca', hint, cause);
  }
}

function textOf(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code = String(cause) } = cause as NodeJS.ErrnoException;
    const hint = 'check the path and its rights';
    throw usage(`${option} ${JSON.stringify(path)} cannot be read: ${code}`, hint, cause);
  }
}

function unfit(option: string, hint: string, cause: unknown): unknown {
  // What is no slip of typing keeps its stack.
  if (!(cause instanceof LanProofError)) return cause;
  return usage(`${option}: ${cause.message}`, hint, cause);
}
