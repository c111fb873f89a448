/** Checks 3 to 5: what people and services outside hold of the log. */
import { fromBase64, fromUtf8, utf8 } from '../../bytes.ts';
import { ordinal } from '../../judge/replay/inputs.ts';
import type { Policy } from '../bundle/policy.ts';
import { type Checkpoint, formatCheckpoint, parseCheckpoint } from '../checkpoint.ts';
import { verifyCosignature } from '../cosignature.ts';
import type { Anchor } from '../ledger-documents.ts';
import { placeOf, type ReadDocuments } from './documents.ts';
import type { VerifiedLog } from './logs.ts';
import { isSignatureLine } from './printed.ts';
import { problemOf } from './problem.ts';
import type { Recorder } from './recorder.ts';
import type { AnchorAnswer, VerifyOptions } from './types.ts';

/** An anchor that was checked and that the final head continues. */
export interface VerifiedAnchor {
  /**
   * Ordinal of the first leaf that it does not cover: of its log those behind its head. A later log
   * names the whole of an older one, and so covers it.
   */
  readonly to: number;
  readonly kind: Anchor['kind'];
  readonly time_ms: number;
  /** Ordinal of the anchor's own leaf: a batch that saw a tree with it is newer. */
  readonly at: number;
}

/** Checks the anchors among the documents, and whether a witness is enough for the policy. */
export async function checkAnchors(
  options: VerifyOptions,
  policy: Policy,
  logs: readonly VerifiedLog[],
  { documents }: ReadDocuments,
  said: Recorder,
): Promise<VerifiedAnchor[]> {
  const anchors: VerifiedAnchor[] = [];
  const witnessed = new Set<number>();
  for (const { leaf, at, content } of documents) {
    if (content.kind !== 'anchor') continue;
    const { said: anchor } = content;
    said.count('checkpoint', 'anchors');
    const log = logs.find(({ head }) => head.origin === anchor.log);
    if (log === undefined) continue;
    const place = placeOf(leaf);
    const told = { by: anchor.by, size: anchor.size };
    const older = { size: anchor.size, root: fromBase64(anchor.root) };
    const proved = log.continues(older);
    if (proved !== 'proved') {
      said.say('ANCHOR_INCONSISTENT', place, { ...told, problem: proved });
      continue;
    }
    const text = formatCheckpoint({ origin: anchor.log, ...older });
    const { ok, gen_time_ms, problem } = await answerOf(options, policy, anchor, text);
    if (ok && gen_time_ms !== null) {
      const { kind, size } = anchor;
      if (kind === 'witness') witnessed.add(log.log);
      if (kind === 'witness' && options.trust === null) {
        // Whoever made up a collector made up its witness: only an own policy says who is outside.
        said.say('ANCHOR_UNCHECKED', place, { ...told, problem: 'candidate_witness' });
        continue;
      }
      const to = ordinal({ log: log.log, leaf: size });
      anchors.push({ to, kind, time_ms: gen_time_ms, at });
      said.count('checkpoint', 'anchors_good');
    } else {
      const unchecked = problem === 'untrusted_root' || problem === 'unknown_witness';
      const code = unchecked ? 'ANCHOR_UNCHECKED' : 'ANCHOR_FALSE';
      said.say(code, place, { ...told, problem: problem ?? 'malformed' });
    }
  }
  checkQuorum(options, policy, logs, witnessed, said);
  return anchors;
}

async function answerOf(
  { crypto, verifyTimestamp, tsa_roots }: VerifyOptions,
  { witnesses }: Policy,
  { kind, by, proof }: Anchor,
  text: string,
): Promise<AnchorAnswer> {
  const bytes = fromBase64(proof);
  if (kind === 'rfc3161') return await verifyTimestamp(bytes, utf8(text), tsa_roots);
  const no = (problem: string): AnchorAnswer => ({ ok: false, gen_time_ms: null, problem });
  const witness = witnesses.find(({ name, key }) => name === by || key.name === by);
  if (witness === undefined) return no('unknown_witness');
  try {
    const { at_ms } = verifyCosignature(crypto, fromUtf8(bytes), text, witness.key);
    return { ok: true, gen_time_ms: at_ms, problem: null };
  } catch (error) {
    return no(problemOf(error).problem);
  }
}

/**
 * The policy may ask for a witness. One anchor of the last log is enough, over whatever head: the
 * log's first leaf names the head of the log before it. How far it reaches is for check 4 to say.
 */
function checkQuorum(
  { trust }: VerifyOptions,
  { quorum }: Policy,
  logs: readonly VerifiedLog[],
  witnessed: ReadonlySet<number>,
  said: Recorder,
): void {
  const last = logs.at(-1);
  if (quorum === 'none' || last === undefined) return;
  if (witnessed.has(last.log)) return;
  said.say('WITNESS_QUORUM', `log ${last.log}`, {
    log: last.head.origin,
    own: trust === null ? 0 : 1,
  });
}

/** Check 4: up to when somebody outside vouches for the log, UTC ms; null: nobody does. */
export function checkAnchored(
  anchors: readonly VerifiedAnchor[],
  vouched_ms: number | null,
  end_ms: number,
  said: Recorder,
): void {
  if (vouched_ms === null) said.say('ANCHOR_NONE', 'documents.ndjson', { end_ms });
  else if (vouched_ms < end_ms) {
    said.say('ANCHOR_EARLY', 'documents.ndjson', { anchored_ms: vouched_ms, end_ms });
  }
  said.count('anchor', 'anchors', anchors.length);
  said.done('anchor');
}

/** Check 5: every printed checkpoint that was typed in. Returns how many fit. */
export function checkPrinted(
  printed: readonly string[],
  logs: readonly VerifiedLog[],
  said: Recorder,
): number {
  let good = 0;
  for (const [index, text] of printed.entries()) {
    const place = `printed ${index + 1}`;
    const checkpoint = readPrinted(text);
    if (checkpoint === null) {
      said.say('PRINTED_FORMAT', place);
      continue;
    }
    const { origin, size } = checkpoint;
    const log = logs.find(({ head }) => head.origin === origin);
    const told = { log: origin, size, head: log?.head.size ?? 0 };
    const proved = log?.continues(checkpoint);
    if (log === undefined) said.say('PRINTED_LOG', place, told);
    else if (size > log.head.size) said.say('PRINTED_BEYOND', place, told);
    else if (proved === 'missing') said.say('PRINTED_UNPROVED', place, told);
    else if (proved === 'false') said.say('PRINTED_INCONSISTENT', place, told);
    else good += 1;
  }
  said.count('consistency', 'printed', printed.length);
  return good;
}

/**
 * Three lines as a person types them, or a signed note, whose first three lines they are. Null for
 * anything else, two checkpoints in one text, too: nobody should think that both were checked.
 */
export function readPrinted(text: string): Checkpoint | null {
  const lines = text.replace(/\r/g, '').trim().split('\n');
  const [origin, size, root, ...rest] = lines.map((line) => line.trim());
  if (rest.some((line) => line !== '' && !isSignatureLine(line))) return null;
  if (origin === undefined || size === undefined || root === undefined) return null;
  try {
    return parseCheckpoint(`${origin}\n${size}\n${root}\n`);
  } catch (error) {
    problemOf(error);
    return null;
  }
}
