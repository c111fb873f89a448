/** Check 2: whose signatures count. What the auditor brings stands above what the bundle says. */
import { equalBytes } from '../../bytes.ts';
import { POLICY_NAME } from '../bundle/names.ts';
import { type Policy, parsePolicy } from '../bundle/policy.ts';
import type { Crypto } from '../crypto.ts';
import { type Container, readFile } from './container.ts';
import { problemOf } from './problem.ts';
import type { Recorder } from './recorder.ts';

/** Where the auditor's own policy is named in findings. */
const TRUST = 'trust';

/** The policy that everything is checked with. */
export async function readPolicy(
  crypto: Crypto,
  container: Container,
  trust: string | null,
  said: Recorder,
): Promise<Policy> {
  const name = POLICY_NAME;
  const candidate = await readFile(container, said, name, (text) => {
    try {
      return parsePolicy(crypto, text);
    } catch (error) {
      const { problem, place } = problemOf(error);
      return said.halt('POLICY_FORMAT', place, { problem });
    }
  });
  said.count('policy', 'logs', candidate.logs.length);
  said.count('policy', 'witnesses', candidate.witnesses.length);
  if (trust === null) {
    said.say('KEYS_CANDIDATES', name);
    said.done('policy');
    return candidate;
  }
  let own: Policy;
  try {
    own = parsePolicy(crypto, trust.endsWith('\n') ? trust : `${trust}\n`, TRUST);
  } catch (error) {
    const { problem, place } = problemOf(error);
    return said.halt('TRUST_FORMAT', place, { problem });
  }
  compare(candidate, own, said);
  said.done('policy');
  return own;
}

/** Every key of the bundle must be one that the auditor has; those that the auditor has decide. */
function compare(candidate: Policy, own: Policy, said: Recorder): void {
  for (const { name, publicKey } of candidate.logs) {
    const known = own.logs.find((log) => log.name === name);
    if (known === undefined) said.say('POLICY_LOG', POLICY_NAME, { log: name });
    else if (!equalBytes(known.publicKey, publicKey)) {
      said.say('POLICY_KEY', POLICY_NAME, { name });
    }
  }
  for (const { key } of candidate.witnesses) {
    const known = own.witnesses.find((witness) => witness.key.name === key.name);
    if (known !== undefined && !equalBytes(known.key.publicKey, key.publicKey)) {
      said.say('POLICY_KEY', POLICY_NAME, { name: key.name });
    }
  }
}
