import { hanhChinh } from '../../calendar/hanh-chinh.ts';
import { LanProofError } from '../../errors.ts';
import type { LeafKind } from '../../evidence/leaf.ts';
import { isPaperKind, parsePaper } from '../../papers/parse.ts';
import type {
  MaintenanceCancellation,
  MaintenancePaper,
  MaintenancePlan,
  PaperKind,
  Papers,
} from '../../papers/types.ts';
import { floorMinute } from '../lists.ts';
import { DEFAULT_SETTINGS } from '../site/settings.ts';
import type { MaintenanceWindow, SiteDocuments } from './types.ts';

/** A document of one site as it stands in the ledger; its signature was verified before. */
export interface LedgeredDocument {
  readonly kind: LeafKind;
  /** The bytes that were signed, without their envelope. */
  readonly payload: Uint8Array;
  /** Base64 document hash, as in the leaf. */
  readonly hash: string;
  /** Ordinal of the leaf: later documents have larger ones. */
  readonly leaf: number;
  /** The collector's clock at receipt, UTC ms. */
  readonly recv_ms: number;
}

/** What a reader makes of the documents of a site. */
export interface ReadSiteDocuments extends SiteDocuments {
  /** Papers that this program cannot read, or a second plan under one id: they change nothing. */
  readonly skipped: number;
}

/** One paper with where it stands. */
interface Read<Kind extends PaperKind> {
  readonly kind: Kind;
  readonly leaf: number;
  readonly hash: string;
  readonly paper: Papers[Kind];
}
type AnyRead = { [Kind in PaperKind]: Read<Kind> }[PaperKind];

/**
 * Zone database that the built-in calendar's offset is from. A constant, not what the machine has:
 * two readers without a calendar document must print the same.
 */
export const BUILT_IN_TZDATA = '2026c';
const BUILT_IN_CALENDAR = hanhChinh(BUILT_IN_TZDATA);

/**
 * Everything beside measurements that can change a figure of a site. Depends on the leaves alone,
 * not on the order of `rows`; a row that stands twice counts once. Kinds of leaves that are no
 * papers are passed over; day papers say nothing new.
 */
export function readSiteDocuments(rows: readonly LedgeredDocument[]): ReadSiteDocuments {
  const papers = rows
    .filter((row) => isPaperKind(row.kind) && row.kind !== 'day')
    .sort((a, b) => a.leaf - b.leaf)
    .filter((row, index, all) => row.leaf !== all[index - 1]?.leaf);
  const read = papers.flatMap(readOne);
  const calendar = of(read, 'calendar').at(-1);
  const settings = of(read, 'settings').at(-1);
  const { windows, refused } = readMaintenance(of(read, 'maintenance'));
  return {
    versions: inForce(of(read, 'site'), (paper) => ({ document: paper })),
    calendar: calendar?.paper.calendar ?? BUILT_IN_CALENDAR,
    calendar_ref:
      calendar === undefined ? null : { version: calendar.paper.version, hash: calendar.hash },
    settings: { ...DEFAULT_SETTINGS, ...settings?.paper.settings },
    settings_ref:
      settings === undefined ? null : { version: settings.paper.version, hash: settings.hash },
    links: inForce(of(read, 'topology'), ({ links }) => ({ links })),
    maintenance: windows,
    remarks: of(read, 'note').map(({ paper: { kind, key, author, issued_ms, text } }) => {
      return { kind, key, author, issued_ms, text };
    }),
    reclassifications: of(read, 'reclassify').map(({ paper }) => {
      const { key, cause, reason, author, issued_ms } = paper;
      return { key, cause, reason, author, issued_ms };
    }),
    declarations: of(read, 'declaration').map(({ paper: { v, log, site, ...said } }) => said),
    skipped: papers.length - read.length + refused,
  };
}

function readOne(row: LedgeredDocument): AnyRead[] {
  const { kind, leaf, hash, payload } = row;
  if (!isPaperKind(kind)) return [];
  try {
    // The parser of a kind gives the paper of that kind, which a union cannot say.
    return [{ kind, leaf, hash, paper: parsePaper(kind, payload) } as AnyRead];
  } catch (error) {
    if (error instanceof LanProofError) return [];
    throw error;
  }
}

function of<Kind extends PaperKind>(read: readonly AnyRead[], kind: Kind): Read<Kind>[] {
  // The kind names its own member of the union.
  return read.filter((one) => one.kind === kind) as Read<Kind>[];
}

/**
 * From which UTC minute each holds. The ledger's order decides: under a clock that was set back a
 * later document holds from where the one before began, and of one minute the last one stands.
 */
function inForce<Kind extends 'site' | 'topology', T>(
  read: readonly Read<Kind>[],
  content: (paper: Papers[Kind]) => T,
): (T & { readonly from_ms: number })[] {
  const out: (T & { readonly from_ms: number })[] = [];
  for (const { paper } of read) {
    const last_ms = out.at(-1)?.from_ms ?? 0;
    const from_ms = Math.max(floorMinute(paper.issued_ms), last_ms);
    if (from_ms === last_ms) out.pop();
    out.push({ from_ms, ...content(paper) });
  }
  return out;
}

/** A cancellation reaches only plans before it in the ledger; the earliest of several stands. */
function readMaintenance(read: readonly Read<'maintenance'>[]): {
  readonly windows: MaintenanceWindow[];
  readonly refused: number;
} {
  const plans = new Map<string, { readonly leaf: number; readonly plan: MaintenancePlan }>();
  const cancelled = new Map<string, number>();
  let refused = 0;
  for (const { leaf, paper } of read) {
    if (isCancellation(paper)) {
      const { cancels, issued_ms } = paper;
      if (!plans.has(cancels)) refused++;
      else cancelled.set(cancels, Math.min(cancelled.get(cancels) ?? issued_ms, issued_ms));
    } else if (plans.has(paper.id)) refused++;
    else plans.set(paper.id, { leaf, plan: paper });
  }
  const windows = [...plans.values()].flatMap(({ leaf, plan }) => {
    const { id, devices, reason, author, issued_ms } = plan;
    const cancelled_ms = cancelled.get(id) ?? null;
    const said = { id, devices, reason, author, issued_ms, leaf, cancelled_ms };
    return plan.windows.map((window) => ({ ...window, ...said }));
  });
  return { windows, refused };
}

function isCancellation(paper: MaintenancePaper): paper is MaintenanceCancellation {
  return 'cancels' in paper;
}
