import type { JudgedWindow } from '../../../shared/judge/day/types.ts';
import type { DayStoreRow } from '../../store/rows-judgement.ts';
import type { Store } from '../../store/store.ts';
import type { SiteJudge } from '../site-judge.ts';
import type { Days } from './days.ts';
import { settleBack } from './judge-day.ts';
import { unpackDay } from './row.ts';

/** What the time behind the newest judged day says of days: no stored row knows it yet. */
export interface LaterWords {
  /**
   * Days whose sums are other than stored, as known at `to_ms`: an outage or a gap over the last
   * midnight goes on, has ended or was explained since.
   */
  of(judge: SiteJudge, to_ms: number): Promise<DayStoreRow[]>;
}

export function createLaterWords(options: {
  readonly store: Store;
  readonly days: Pick<Days, 'know' | 'tail'>;
}): LaterWords {
  const { store, days } = options;
  // Of each site's newest day: most nights are calm, and a whole day is dear to unpack.
  const seen = new WeakMap<SiteJudge, { readonly key: string; readonly open: boolean }>();

  const isOpen = async (judge: SiteJudge, key: string): Promise<boolean> => {
    const known = seen.get(judge);
    if (known?.key === key) return known.open;
    const newest = await store.newestDay(judge.site);
    const open = newest !== null && (newest.later_word || isOpenEnded(unpackDay(newest)));
    seen.set(judge, { key, open });
    return open;
  };

  return {
    async of(judge, to_ms) {
      const mark = await store.newestDayMark(judge.site);
      if (mark === null || to_ms <= mark.end_ms) return [];
      const { day_ms, rules, log, leaf } = mark;
      if (!(await isOpen(judge, [day_ms, rules, log, leaf].join('/')))) return [];
      const newest = await store.newestDay(judge.site);
      const tail = await days.tail(judge, to_ms);
      if (newest === null || tail === null) return [];
      return await settleBack(store, { ...(await days.know(judge)), judge }, newest, tail);
    },
  };
}

/** Whether later time can say anything of a day: see settleWindow, which asks for no more. */
export function isOpenEnded({ to_ms, intervals, incidents }: JudgedWindow): boolean {
  return (
    intervals.some(
      (one) => one.to_ms === to_ms && (one.state === 'unknown' || one.incident !== null),
    ) ||
    incidents.some(
      ({ phase, ended_at_ms }) =>
        phase !== 'settled' || ended_at_ms === null || ended_at_ms >= to_ms,
    )
  );
}
