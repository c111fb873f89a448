/**
 * Payloads of what people and the judge put into the ledger of a site beside measurements
 * (docs/formats/papers.md). Everything that can change a figure stands in one of them.
 */
import type { Calendar } from '../calendar/types.ts';
import type { Cause } from '../judge/cause-names.ts';
import type { Declaration, OutageKey, Remark, SiteCarry } from '../judge/day/types.ts';
import type { DeviceCarry } from '../judge/site/material.ts';
import type { SiteSettings } from '../judge/site/settings.ts';
import type { Span } from '../judge/spans.ts';
import type { SiteDocument } from '../measure/site-document.ts';

/** What every paper begins with. */
export interface PaperHead {
  readonly v: 1;
  /** Origin of the log that it is a leaf of. */
  readonly log: string;
  readonly site: string;
  /** The collector's clock, UTC ms: declared, not proved. */
  readonly issued_ms: number;
  /** Name of the account or program that issued it. */
  readonly author: string;
}

/** Working time; the newest holds for all time of the figures. */
export interface CalendarPaper extends PaperHead {
  /** From 1; printed with every figure. */
  readonly version: number;
  readonly calendar: Calendar;
}

/** The outage that the slots show is three lost ones in a row in every site: not to be set. */
export type ChosenSettings = Partial<Omit<SiteSettings, 'down_slots'>>;

/** Thresholds; the newest holds for all time, what it does not name is as built in. */
export interface SettingsPaper extends PaperHead {
  /** From 1. */
  readonly version: number;
  readonly settings: ChosenSettings;
}

/** Links that a person adopted beside the attachments, all of them: it replaces the one before. */
export interface TopologyPaper extends PaperHead {
  /** From 1. */
  readonly version: number;
  /** Undirected; both codes differ, no pair twice. */
  readonly links: readonly (readonly [string, string])[];
}

/** Planned work; recurring windows are already written out. */
export interface MaintenancePlan extends PaperHead {
  /** Unique in the site. */
  readonly id: string;
  /** Codes of devices; null: the whole site. */
  readonly devices: readonly string[] | null;
  /** Ascending, disjoint, whole UTC minutes. */
  readonly windows: readonly Span[];
  readonly reason: string;
}

/** Ends the windows of an earlier plan from its own `issued_ms` on. */
export interface MaintenanceCancellation extends PaperHead {
  readonly cancels: string;
  readonly reason: string;
}

export type MaintenancePaper = MaintenancePlan | MaintenanceCancellation;

/** What a person says of an outage. An acknowledgement may be without words. */
export interface NotePaper extends PaperHead {
  readonly kind: Remark['kind'];
  readonly key: OutageKey;
  readonly text: string;
}

/** Another cause in a person's judgement; the original stays beside it. */
export interface ReclassifyPaper extends PaperHead {
  readonly key: OutageKey;
  readonly cause: Exclude<Cause, 'maintenance'>;
  readonly reason: string;
}

export interface DeclarationPaper extends PaperHead, Omit<Declaration, 'author' | 'issued_ms'> {}

/** State of one device at `carry.warm_ms`, enough to judge on from there. */
export interface DayDevice extends DeviceCarry {
  /** Begin of the last answered slot before the day's end; null: none, or not known any more. */
  readonly last_reply_ms: number | null;
  readonly ever_answered: boolean;
}

/** What stands at a local midnight, by the judge: a bundle begins with one. */
export interface DayPaper extends PaperHead {
  /** Local date of the day that ends, YYYY-MM-DD. */
  readonly day: string;
  /** UTC ms: the local midnights that it begins and ends with. */
  readonly from_ms: number;
  readonly to_ms: number;
  /** The ledger prefix that it was judged from. */
  readonly as_of: { readonly size: number; readonly to_ms: number };
  /** Version of the rules. */
  readonly rules: number;
  /** What the day leaves to the next one; its `at_ms` is the day's end. */
  readonly carry: SiteCarry & { readonly devices: Readonly<Record<string, DayDevice>> };
}

/** Payloads by the kind of their leaf. */
export interface Papers {
  site: SiteDocument;
  calendar: CalendarPaper;
  settings: SettingsPaper;
  topology: TopologyPaper;
  maintenance: MaintenancePaper;
  note: NotePaper;
  reclassify: ReclassifyPaper;
  declaration: DeclarationPaper;
  day: DayPaper;
}

export const PAPER_KINDS = [
  'site',
  'calendar',
  'settings',
  'topology',
  'maintenance',
  'note',
  'reclassify',
  'declaration',
  'day',
] as const satisfies readonly (keyof Papers)[];
export type PaperKind = (typeof PAPER_KINDS)[number];
