/** The figures of a bundle: computed from what goes into it by the code that a verifier runs. */
import { fromBase64, toBase64, toHex, utf8 } from '../../../shared/bytes.ts';
import { createFeed } from '../../../shared/evidence/bundle/feed.ts';
import type {
  BundleAgent,
  BundleBatch,
  BundleLeaf,
} from '../../../shared/evidence/bundle/types.ts';
import type { Crypto } from '../../../shared/evidence/crypto.ts';
import { parseEnvelope } from '../../../shared/evidence/dsse.ts';
import type { LedgeredDocument } from '../../../shared/judge/day/documents.ts';
import { withoutDifferences } from '../../../shared/judge/replay/figures-compare.ts';
import { type FiguresFile, figuresFile } from '../../../shared/judge/replay/figures-file.ts';
import { ordinal, revocationOf } from '../../../shared/judge/replay/inputs.ts';
import { createReplay, type ReplayAsk } from '../../../shared/judge/replay/site-replay.ts';
import type { Revocation } from '../../../shared/judge/revoked.ts';
import type { DeviceKind } from '../../../shared/measure/codes.ts';
import { unpackSection } from '../../../shared/node/section-bytes.ts';
import type { Begin } from './begin.ts';
import { ofKind, type PlacedDocument } from './scope.ts';
import type { BundleAsk } from './types.ts';

/** Results of these are in `endpoints`, which can be withheld. */
const WITHHELD_KINDS: ReadonlySet<DeviceKind> = new Set<DeviceKind>(['pc']);

export interface ReplaysOptions {
  readonly ask: BundleAsk;
  readonly begin: Begin | null;
  readonly begin_ms: number;
  readonly end_ms: number;
  readonly agents: readonly BundleAgent[];
  readonly origins: ReadonlyMap<number, string>;
  readonly documents: readonly PlacedDocument[];
  readonly crypto: Crypto;
  /** Whether `endpoints` are withheld: then figures are computed twice. */
  readonly withheld: boolean;
}

export interface Replays {
  document(document: PlacedDocument): void;
  /** Both in leaf order; `shown` is what stands in the bundle. */
  batch(leaf: BundleLeaf, whole: BundleBatch, shown: BundleBatch): void;
  /** Figures of all, and those that the bundle shows. */
  finish(step: (end_ms: number) => Promise<void>): Promise<{
    readonly whole: FiguresFile;
    readonly shown: FiguresFile;
  }>;
}

export function createReplays(options: ReplaysOptions): Replays {
  const { ask, begin } = options;
  const whole = oneReplay(options, new Set());
  const masked = options.withheld ? oneReplay(options, WITHHELD_KINDS) : null;
  const head = { site: ask.site, period: ask.period, begin: begin?.place ?? null };
  return {
    document(document) {
      whole.document(document);
      // In a masked bundle a note is withheld; the judge reads none.
      masked?.document(document);
    },
    batch(leaf, all, shown) {
      whole.batch(leaf, all);
      masked?.batch(leaf, shown);
    },
    async finish(step) {
      const all = figuresFile(await whole.finish(step), head);
      if (masked === null) return { whole: all, shown: all };
      const rest = figuresFile(await masked.finish(step), head);
      return { whole: all, shown: withoutDifferences(all, rest) };
    },
  };
}

function oneReplay(options: ReplaysOptions, withheld_kinds: ReadonlySet<DeviceKind>) {
  const { ask, begin, begin_ms, end_ms, agents, origins, crypto } = options;
  const replayAsk: ReplayAsk = {
    site: ask.site,
    period: ask.period,
    begin_ms,
    end_ms,
    carry: begin?.paper.carry ?? null,
    as_of: ask.as_of,
    documents: options.documents.flatMap(ledgered),
    withheld_kinds,
    revocations: revocationsOf(options),
    sha256: (text) => toHex(crypto.sha256(utf8(text))),
  };
  const replay = createReplay(replayAsk);
  const feed = createFeed({ origins, agents, unpackSection });
  return {
    document({ leaf, text }: PlacedDocument): void {
      if (leaf.site === null) return;
      const input = feed.document(leaf, text);
      if (input !== null) replay.feed(input);
    },
    batch: (leaf: BundleLeaf, batch: BundleBatch): void => replay.feed(feed.batch(leaf, batch)),
    async finish(step: (end_ms: number) => Promise<void>) {
      const days = replay.finish();
      for (;;) {
        const { value, done } = days.next();
        if (done === true) return value.judged;
        await step(value);
      }
    },
  };
}

/** A revocation may reach behind itself: all are known before the first batch. */
function revocationsOf({ documents, origins }: ReplaysOptions): Revocation[] {
  const logs = new Map([...origins].map(([log, origin]) => [origin, log]));
  return ofKind(documents, 'revoke').flatMap(({ text }) => {
    const revocation = revocationOf(fromBase64(parseEnvelope(text).payload), logs);
    return revocation === null ? [] : [revocation];
  });
}

/** Papers of the site; what concerns an agent comes as an input. */
function ledgered({ leaf, text }: PlacedDocument): LedgeredDocument[] {
  if (leaf.site === null || leaf.agent !== null) return [];
  const payload = fromBase64(parseEnvelope(text).payload);
  const { kind, hash, recv_ms } = leaf;
  return [{ kind, payload, hash: toBase64(hash), leaf: ordinal(leaf), recv_ms }];
}
