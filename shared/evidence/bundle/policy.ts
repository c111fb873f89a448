/**
 * policy.txt: a C2SP tlog-policy. Its keys are candidates: they prove nothing until somebody
 * compared them with ones that came another way.
 */
import { encodeCosignerKey, parseCosignerKey } from '../cosignature.ts';
import type { Crypto } from '../crypto.ts';
import { encodeVerifierKey, isKeyName, parseVerifierKey, type VerifierKey } from '../note.ts';
import { bundleFormat } from './format-error.ts';
import { type Line, linesOf } from './lines.ts';
import { POLICY_NAME } from './names.ts';

/** Logs and witnesses of one policy: a log is opened anew once in years. */
export const LINES_MAX = 1_000;
/** Name of the group that holds all witnesses: one of them is enough. */
const GROUP = 'any';

export interface PolicyWitness {
  /** Name inside the policy. */
  readonly name: string;
  /** Its name in signature lines, and its key. */
  readonly key: VerifierKey;
}

export interface Policy {
  /** Oldest log first. */
  readonly logs: readonly VerifierKey[];
  readonly witnesses: readonly PolicyWitness[];
  /** `any`: one of the witnesses is enough. */
  readonly quorum: 'none' | 'any';
}

/** Lines of the policy, witnesses in the given order. Throws BUNDLE_FORMAT or NOTE_FORMAT. */
export function formatPolicy(crypto: Crypto, policy: Policy): string {
  const { logs, witnesses, quorum } = policy;
  const fault = unfit(policy);
  if (fault !== undefined) throw bundleFormat(POLICY_NAME, fault);
  const lines = [
    ...logs.map((key) => `log ${encodeVerifierKey(crypto, key)}`),
    ...witnesses.map(({ name, key }) => `witness ${name} ${encodeCosignerKey(crypto, key)}`),
    ...(quorum === 'any' ? [`group ${GROUP} any ${names(witnesses)}`] : []),
    `quorum ${quorum}`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/**
 * Reads what {@link formatPolicy} writes, with comments anywhere. Throws LanProofError
 * BUNDLE_FORMAT with file and line.
 */
export function parsePolicy(crypto: Crypto, text: string, file = POLICY_NAME): Policy {
  const logs: VerifierKey[] = [];
  const witnesses: PolicyWitness[] = [];
  let quorum: Policy['quorum'] | null = null;
  let grouped = false;
  let count = 0;
  for (const line of linesOf(text, file)) {
    if (++count > LINES_MAX) throw bundleFormat(line.place, 'too many lines');
    if (line.text.startsWith('#')) continue;
    if (quorum !== null) throw bundleFormat(line.place, 'a line behind the quorum');
    const [word, ...rest] = line.text.split(' ');
    if (word === 'log' && rest.length === 1 && witnesses.length === 0) {
      logs.push(readKey(line, () => parseVerifierKey(crypto, rest[0] ?? '')));
    } else if (word === 'witness' && rest.length === 2 && !grouped) {
      const key = readKey(line, () => parseCosignerKey(crypto, rest[1] ?? ''));
      witnesses.push({ name: rest[0] ?? '', key });
    } else if (line.text === `group ${GROUP} any ${names(witnesses)}` && !grouped) {
      grouped = witnesses.length > 0;
    } else if (word === 'quorum' && line.text === `quorum ${grouped ? GROUP : 'none'}`) {
      quorum = grouped ? 'any' : 'none';
    } else {
      throw bundleFormat(line.place, `unknown line ${line.text.slice(0, 40)}`);
    }
  }
  if (quorum === null) throw bundleFormat(file, 'no quorum');
  const policy = { logs, witnesses, quorum };
  const fault = unfit(policy);
  if (fault !== undefined) throw bundleFormat(file, fault);
  return policy;
}

/** Why a policy cannot be written; undefined: it can. */
function unfit({ logs, witnesses, quorum }: Policy): string | undefined {
  if (logs.length === 0) return 'no log';
  if (new Set(logs.map(({ name }) => name)).size !== logs.length) return 'a log stands twice';
  const given = witnesses.map(({ name }) => name);
  if (new Set(given).size !== given.length) return 'a witness stands twice';
  // These two words mean something else behind `quorum`.
  const taken = given.find((name) => name === GROUP || name === 'none' || !isKeyName(name));
  if (taken !== undefined) return 'unfit name of a witness';
  if (quorum === 'any' && witnesses.length === 0) return 'a quorum of no witnesses';
  return undefined;
}

function names(witnesses: readonly PolicyWitness[]): string {
  return witnesses.map(({ name }) => name).join(' ');
}

function readKey(line: Line, read: () => VerifierKey): VerifierKey {
  try {
    return read();
  } catch (cause) {
    throw bundleFormat(line.place, 'unfit key', cause);
  }
}
