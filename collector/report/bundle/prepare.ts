/** Asks the judge what a bundle is to be of, and what the pages say of the period meanwhile. */
import { floorMinute } from '../../../shared/judge/lists.ts';
import { ownWindows } from '../../../shared/judge/owners.ts';
import type { AsOf } from '../../../shared/judge/period/judged.ts';
import type { Span } from '../../../shared/judge/spans.ts';
import type { JudgeReader } from '../../judge/read-types.ts';
import type { Ledger, SignedCheckpoint } from '../../ledger/types.ts';
import type { Store } from '../../store/store.ts';
import { reachOf } from './begin.ts';
import type { BundleAsk } from './types.ts';

export interface PrepareDeps {
  readonly store: Store;
  readonly ledger: Pick<Ledger, 'checkpoint' | 'commit'>;
  readonly judge: Pick<JudgeReader, 'judged'>;
}

/** The ask of a report that is issued now, under the newest head. */
export async function prepareBundle(
  { store, ledger, judge }: PrepareDeps,
  site: string,
  period: Span,
  masked: boolean,
): Promise<BundleAsk> {
  const judged = await judge.judged(site, period.from_ms, period.to_ms);
  const checkpoint = await headFor(ledger, judged.as_of);
  const as_of = { ...judged.as_of, log: checkpoint.origin, size: checkpoint.size };
  const windows = ownWindows(await store.windows(site));
  const first_ms = windows.reduce(
    (least, { from_ms }) => Math.min(least, from_ms),
    Number.POSITIVE_INFINITY,
  );
  return {
    ...{ site, period, masked, as_of, checkpoint },
    reach_ms: reachOf(judged, period),
    first_ms: Number.isFinite(first_ms) ? floorMinute(first_ms) : period.from_ms,
  };
}

/** The judge may have read leaves that are just being signed: that head is waited for. */
async function headFor(ledger: PrepareDeps['ledger'], as_of: AsOf): Promise<SignedCheckpoint> {
  const head = ledger.checkpoint();
  if (head.origin !== as_of.log || head.size >= as_of.size) return head;
  return (await ledger.commit(async () => undefined)).checkpoint;
}
