/** The office whose collector lost its log key together with the last minute of signed heads. */
import { toBase64 } from '../../shared/bytes.ts';
import { parseLeaves } from '../../shared/evidence/bundle/leaves.ts';
import { hashLeaf } from '../../shared/evidence/leaf.ts';
import { createNodeCrypto, generateSigner } from '../../shared/node/crypto.ts';
import { takeApart, textOf } from '../support/tamper.ts';
import { reopen, setPolicy } from './edits.ts';
import { note, writeWorld } from './forger.ts';
import type { Office } from './office.ts';
import { type Item, itemsOf, lastLog, readWorld, say } from './world.ts';

const crypto = createNodeCrypto();
/** Leaves behind the newest head that the lost key signed; a conflict is the last of them. */
export const TAIL_LEAVES = 4;

/**
 * The same history, in a second log from its last anchors on, under another key. The sheet was
 * printed at the end of the first log, and the anchors vouch for that end; a witness for both logs.
 */
export async function loseLogKey(office: Office): Promise<Office> {
  const { keys, witness, stamper } = office;
  const log = generateSigner().signer;
  const world = await readWorld(office.bundle);
  const first = lastLog(world);
  const begin = itemsOf(world, 'anchor').at(stamper === null ? -1 : -2);
  if (begin === undefined) throw new Error('no anchor');
  const open = reopen(world, begin, { reason: 'log_key_lost: ổ đĩa hỏng' });
  say(open, (said) => Object.assign(said, { log_key: toBase64(log.publicKey) }));
  const over: Item = { ...begin, leaf: { ...begin.leaf }, prove: witness.prove };
  lastLog(world).items.push(over);
  setPolicy(world, witness);
  const { leaves } = parseLeaves(textOf(await takeApart(office.bundle), 'logs/1/leaves.txt'), 1);
  const hashes = leaves.map((leaf) => hashLeaf(crypto, leaf)).slice(0, first.items.length);
  first.kept = note(first.origin, hashes.slice(0, -TAIL_LEAVES), keys.log);
  const printed = note(first.origin, hashes, keys.log).split('\n').slice(0, 3).join('\n');
  const bundle = await writeWorld(world, { log, document: keys.document, agent: null });
  return { ...office, bundle, printed, keys: { ...keys, log } };
}
