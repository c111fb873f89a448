/** Reports that were asked for, and what became of them. */
import type { AsOf } from '../../../shared/judge/period/judged.ts';
import type { Span } from '../../../shared/judge/spans.ts';

/** What can be issued today. */
export const REPORT_FORMATS = ['bundle', 'json'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export interface ReportAsk {
  readonly site: string;
  /** Whole UTC minutes. */
  readonly period: Span;
  readonly masked: boolean;
  readonly formats: readonly ReportFormat[];
  /** Who asks, as in audit rows. */
  readonly author: string;
}

export const REPORT_STATES = ['waiting', 'running', 'done', 'failed'] as const;
export type ReportState = (typeof REPORT_STATES)[number];

export interface ReportFile {
  readonly name: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** What is kept of a report beside its files. */
export interface ReportRecord {
  readonly v: 1;
  readonly id: string;
  readonly site: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly masked: boolean;
  readonly formats: readonly ReportFormat[];
  readonly author: string;
  readonly requested_ms: number;
  readonly state: ReportState;
  /** Null before the end. */
  readonly finished_ms: number | null;
  /** Why it failed: code, message and what to do. */
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string;
  } | null;
  readonly as_of: AsOf | null;
  readonly files: readonly ReportFile[];
  /** Where the report's leaf stands: origin of the log, index, base64 document hash. */
  readonly leaf: {
    readonly log: string;
    readonly leaf: number;
    readonly hash: string;
  } | null;
  /** False: the stored judgement says otherwise; null: it could not be compared. */
  readonly agrees_with_dashboard: boolean | null;
  /** When its files were deleted to make room; the leaf stays. */
  readonly files_deleted_ms: number | null;
}
