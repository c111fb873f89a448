import type { Calendar } from '../../calendar/types.ts';
import type { SiteDocument } from '../../measure/site-document.ts';
import type { Cause } from '../cause-names.ts';
import type { FigureSums } from '../figures/sums.ts';
import type { FinalInterval } from '../final.ts';
import type { DeviceWindow } from '../lists.ts';
import type { SeenRow } from '../observe/types.ts';
import type { DeviceCarry, Finding, Incident, SiteMarks } from '../site/material.ts';
import type { SiteSettings } from '../site/settings.ts';
import type { SlotRun, StateInterval } from '../types.ts';

/** One accepted version of the site's inventory, public part. */
export interface SiteVersion {
  /** It holds from this UTC minute on (its issued_ms); the first also holds before. */
  readonly from_ms: number;
  readonly document: SiteDocument;
}

/** One window of maintenance; recurring ones were written out before they were ledgered. */
export interface MaintenanceWindow {
  readonly id: string;
  /** Codes of devices; null: the whole site. */
  readonly devices: readonly string[] | null;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly reason: string;
  readonly author: string;
  readonly issued_ms: number;
  /** Ordinal of its leaf. */
  readonly leaf: number;
  /** UTC ms from which it was cancelled; null: never. */
  readonly cancelled_ms: number | null;
}

/** Key of what people say of an outage: a device and its first bad slot. */
export interface OutageKey {
  readonly device: string;
  readonly from_ms: number;
}

export interface Remark {
  readonly kind: 'note' | 'acknowledge';
  readonly key: OutageKey;
  readonly author: string;
  readonly issued_ms: number;
  readonly text: string;
}

export interface Reclassification {
  readonly key: OutageKey;
  /** Never `maintenance`; off is no cause. */
  readonly cause: Cause;
  readonly reason: string;
  readonly author: string;
  readonly issued_ms: number;
}

/** What people say without a measurement: dossiers that were late, what a repair cost. */
export interface Declaration {
  readonly kind: 'late_dossiers' | 'repair_cost';
  /** Local dates YYYY-MM-DD, inclusive. */
  readonly from: string;
  readonly to: string;
  readonly value: number;
  /** Number and date of the document that it stands in. */
  readonly document: string;
  /** Who said so. */
  readonly by: string;
  readonly note: string;
  readonly author: string;
  readonly issued_ms: number;
}

/** Everything in the ledger, beside measurements, that can change a figure of a site. */
export interface SiteDocuments {
  /** Ascending; never empty once a site was imported. */
  readonly versions: readonly SiteVersion[];
  /** The newest one; the built-in one until a document says otherwise. */
  readonly calendar: Calendar;
  /** Version and hash of the calendar's document; null: built in. */
  readonly calendar_ref: { readonly version: number; readonly hash: string } | null;
  readonly settings: SiteSettings;
  /** Version and hash of the settings' document; null: built in. */
  readonly settings_ref: { readonly version: number; readonly hash: string } | null;
  /** Adopted links beside the attachments, from `from_ms` on. */
  readonly links: readonly {
    readonly from_ms: number;
    readonly links: readonly (readonly [string, string])[];
  }[];
  readonly maintenance: readonly MaintenanceWindow[];
  readonly remarks: readonly Remark[];
  readonly reclassifications: readonly Reclassification[];
  readonly declarations: readonly Declaration[];
}

/** What a judged window leaves to the next; plain JSON, also the content of a `day` document. */
export interface SiteCarry {
  /** The cut: the next window is kept from here on. */
  readonly at_ms: number;
  /**
   * The devices stand here as they stood at this instant, WARM_MS before the cut: the next window
   * judges the time between once more, so that what lies about the cut is seen whole from both
   * sides.
   */
  readonly warm_ms: number;
  readonly devices: Readonly<Record<string, DeviceCarry>>;
  /** Incidents that go on at `warm_ms` or lie near enough to be joined. */
  readonly incidents: readonly Incident[];
}

/** What one window of a site is judged from; lists in any order. */
export interface WindowAsk {
  readonly site: string;
  /** Where the carry was cut; or, without one, the first minute that anything is known of. */
  readonly from_ms: number;
  /** End of what is known (as_of.to_ms, or the end of the margin behind a day). */
  readonly to_ms: number;
  readonly carry: SiteCarry | null;
  /**
   * Base states of all devices that touch [from − 2 h, to), whole; owner's word only. Of less
   * (from − 1 h) only roots are lost that ended in the same slots in which the warm-up begins.
   */
  readonly states: readonly StateInterval[];
  /** Own windows (disjoint per device). */
  readonly windows: readonly DeviceWindow[];
  /**
   * Slots of [from − 70 min, to) (the warm-up and ten minutes) of the devices that lost any; others
   * may be left out, and so may runs in which nothing was lost.
   */
  readonly runs: readonly SlotRun[];
  /**
   * Rows that touch [from − 24 h, to], and all `document_seen` rows: a window of maintenance may
   * have been seen a year before it begins.
   */
  readonly seen: readonly SeenRow[];
  /** Base states of `upstream` devices back to from − 25 h: who may vote. */
  readonly references: readonly StateInterval[];
  /**
   * closed_to of the owning agents: open base states last to there, later time is unknown,
   * `not_received`. An agent that is not in it, or no map: open states last to `to_ms`.
   */
  readonly known_to_ms?: ReadonlyMap<string, number | null>;
  readonly documents: SiteDocuments;
  readonly sha256: (text: string) => string;
}

/** What a site's judge says of a window. */
export interface JudgedWindow {
  readonly from_ms: number;
  readonly to_ms: number;
  /** By device, then time; they cover what the windows cover. */
  readonly intervals: readonly FinalInterval[];
  readonly incidents: readonly Incident[];
  readonly findings: readonly Finding[];
  /** What cutWindow reads; only as judgeWindow gives it, not kept with a day. */
  readonly marks?: SiteMarks;
}

/** Sums of one local day; `all`: every hour, `working`: the calendar's. */
export interface DaySums {
  /** By device code. Their outages are counted by whoever reads, from the intervals. */
  readonly devices: Readonly<Record<string, FigureSums>>;
  readonly site: FigureSums;
  readonly workplaces: FigureSums;
}
