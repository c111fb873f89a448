/** figures.json of a bundle (docs/formats/bundle.md): what is to be recomputed, as one text. */
import { BUNDLE_AFTER_MS, type LeafPlace } from '../../evidence/bundle/types.ts';
import type { Declaration } from '../day/types.ts';
import { correctedOf, type LateWindow, lateMaintenanceOf } from '../period/corrected.ts';
import { type IncidentView, viewOf } from '../period/incident-view.ts';
import type { AsOf, Judged } from '../period/judged.ts';
import type { PeriodAsk } from '../period/sums.ts';
import { type FigureSubject, figureTable, type NamedRow, type Totals } from '../period/table.ts';
import type { Finding } from '../site/material.ts';
import type { Span } from '../spans.ts';
import { RULES_VERSION } from '../types.ts';

/** Rows of one kind of hours, by all that they may be of. */
export interface FiguresTables {
  readonly devices: readonly NamedRow[];
  readonly groups: readonly NamedRow[];
  /** The site's, by local day. */
  readonly days: readonly NamedRow[];
  /** The site's, by weekday and hour of the local clock. */
  readonly hours: readonly NamedRow[];
  /** Of a masked file without those that rest on what is withheld. */
  readonly totals: Partial<Totals>;
}

export interface FiguresOfHours extends FiguresTables {
  /** With the causes that people gave; absent: nothing was reclassified. */
  readonly corrected?: FiguresTables;
  /** Had every window of maintenance been known in time; absent: none was late. */
  readonly late_maintenance?: FiguresTables & { readonly windows: readonly LateWindow[] };
}

/** Version and base64 hash of a paper. */
export interface PaperMark {
  readonly version: number;
  readonly hash: string;
}

/** An incident without what people wrote freely, which may be withheld. */
export type FiguresIncident = Omit<IncidentView, 'notes'>;

/** A row, total, incident or finding that rests on what is withheld. */
export interface NotRecomputable {
  /** The list that it is not in: `hours/all/devices`, `incidents`, … */
  readonly what: string;
  /** Its own name there. */
  readonly code: string;
}

export interface FiguresFile {
  readonly v: 1;
  readonly site: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly as_of: AsOf;
  /** Version of the accounting rules. */
  readonly rules: number;
  /** Version and hash null: the built-in calendar. */
  readonly calendar: {
    readonly code: string;
    readonly version: number | null;
    readonly hash: string | null;
  };
  /** Null: built in. */
  readonly settings: PaperMark | null;
  /** Place of the `day` document that judging began with; null: at the site's first batch. */
  readonly begin: LeafPlace | null;
  readonly hours: { readonly all: FiguresOfHours; readonly working: FiguresOfHours };
  readonly incidents: readonly FiguresIncident[];
  readonly findings: readonly Finding[];
  readonly declarations: readonly Declaration[];
  readonly not_recomputable?: readonly NotRecomputable[];
}

export interface FiguresHead {
  readonly site: string;
  readonly period: Span;
  readonly begin: LeafPlace | null;
}

/** The figures of a replayed period. The same judgement gives the same members in one order. */
export function figuresFile(judged: Judged, head: FiguresHead): FiguresFile {
  const { site, period, begin } = head;
  const { calendar, calendar_ref, settings_ref, declarations } = judged.documents;
  const { as_of } = judged;
  // What goes on behind the end of what was judged is told as far as it was judged.
  const to_ms = Math.min(as_of.to_ms, period.to_ms + BUNDLE_AFTER_MS);
  const known: Judged = { ...judged, as_of: { ...as_of, to_ms } };
  return {
    v: 1,
    site,
    from_ms: period.from_ms,
    to_ms: period.to_ms,
    as_of: { log: as_of.log, size: as_of.size, to_ms: as_of.to_ms, at_ms: as_of.at_ms },
    rules: RULES_VERSION,
    calendar: {
      code: calendar.code,
      version: calendar_ref?.version ?? null,
      hash: calendar_ref?.hash ?? null,
    },
    settings:
      settings_ref === null ? null : { version: settings_ref.version, hash: settings_ref.hash },
    begin: begin === null ? null : { log: begin.log, leaf: begin.leaf },
    hours: { all: ofHours(known, period, 'all'), working: ofHours(known, period, 'working') },
    incidents: judged.incidents.map((incident) => {
      const { notes, ...view } = viewOf(incident, known);
      return view;
    }),
    findings: judged.findings,
    declarations,
  };
}

/** One text for one content, without spaces. */
export function figuresText(file: FiguresFile): string {
  return JSON.stringify(file);
}

function ofHours(judged: Judged, period: Span, hours: PeriodAsk['hours']): FiguresOfHours {
  const ask: PeriodAsk = { from_ms: period.from_ms, to_ms: period.to_ms, hours, profile: null };
  const corrected = correctedOf(judged, period);
  const late = lateMaintenanceOf(judged, ask);
  const anew = (intervals: Judged['intervals']) => tablesOf({ ...judged, intervals }, ask);
  return {
    ...tablesOf(judged, ask),
    ...(corrected === null ? {} : { corrected: anew(corrected) }),
    ...(late === null
      ? {}
      : { late_maintenance: { ...anew(late.intervals), windows: late.windows } }),
  };
}

function tablesOf(judged: Judged, ask: PeriodAsk): FiguresTables {
  const table = (by: FigureSubject) =>
    figureTable(judged, ask, { by, device: null, hide_computers: false });
  const { items: devices, totals } = table('device');
  return {
    devices,
    groups: table('group').items,
    days: table('day').items,
    hours: table('hour').items,
    totals: { site: totals.site, workplaces: totals.workplaces, devices: totals.devices },
  };
}
