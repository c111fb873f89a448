import type { BatchHeader, ResultSection } from '../measure/batch.ts';
import type { RawCode } from '../measure/codes.ts';
import type { SiteDocument } from '../measure/site-document.ts';
import type { TargetList } from '../measure/targets.ts';

/** Version of the accounting rules (docs/accounting.md), printed with every figure. */
export const RULES_VERSION = 1;

/** Classes of slots, strongest first (accounting §1): the first that fits wins. */
export const SLOT_CLASSES = [
  'withheld',
  'unreadable',
  'conflict',
  'clock_invalid',
  'clock_pending',
  'maintenance',
  'agent_off',
  'dropped',
  'not_received',
  'agent_link_down',
  'not_sent',
  'vantage_isolated',
  'no_reply',
  'arp_only',
  'reply',
] as const;
export type SlotClass = (typeof SLOT_CLASSES)[number];

export const STATES = [
  'up',
  'degraded',
  'down',
  'unreachable',
  'off',
  'unknown',
  'maintenance',
] as const;
export type State = (typeof STATES)[number];

/** Why time is unknown: the class of its slots, or a run of losses too short to judge. */
export type UnknownReason =
  | Exclude<SlotClass, 'maintenance' | 'no_reply' | 'arp_only' | 'reply'>
  | 'short_run'
  | 'never_answered';

/** Consecutive slots of one class of one device; a gap-free list of them covers a period. */
export interface SlotRun {
  readonly device: string;
  /** UTC ms of the first slot's start; a multiple of interval_ms. */
  readonly from_ms: number;
  readonly interval_ms: number;
  readonly slots: number;
  readonly class: SlotClass;
  readonly code: RawCode | null;
  readonly agent: string;
  /** Epoch and seq of the batch that holds the run's first slot; null where there is none. */
  readonly epoch: number | null;
  readonly seq: number | null;
}

/** Time in which a device was in one state: [from_ms, to_ms). */
export interface StateInterval {
  readonly device: string;
  readonly from_ms: number;
  /** Null: still in this state at the agent's closed_to. */
  readonly to_ms: number | null;
  readonly state: State;
  /** Only for unknown. */
  readonly reason: UnknownReason | null;
  /**
   * Of down: send time of the last answer before it, the earliest bound of its start. Of an up that
   * is the first answer after a down: its send time, the latest bound of that outage's end. Else
   * null.
   */
  readonly earliest_ms: number | null;
}

/**
 * What the judge reads, in leaf order. Site-wide order; agents are independent of each other, and
 * documents of the site only serve what batches after them show.
 */
export type JudgeInput =
  | {
      readonly kind: 'enrol';
      readonly leaf: number;
      readonly agent: string;
      readonly epoch: number;
    }
  | {
      readonly kind: 'targets';
      readonly leaf: number;
      readonly agent: string;
      readonly hash: string;
      readonly list: TargetList;
    }
  | {
      readonly kind: 'batch';
      readonly leaf: number;
      readonly recv_ms: number;
      readonly agent: string;
      readonly epoch: number;
      readonly seq: number;
      /** Null: the header itself could not be read (unknown version, wrong types). */
      readonly header: BatchHeader | null;
      readonly sections: readonly ResultSection[];
      /** Why the batch or a part of it is unreadable; its slots get that class. */
      readonly fault: string | null;
      /** A revocation says that it is not the agent's word: its slots are `conflict`. */
      readonly revoked?: boolean;
    }
  | {
      readonly kind: 'hole';
      readonly leaf: number;
      readonly agent: string;
      readonly epoch: number;
      readonly from_seq: number;
      readonly to_seq: number;
      readonly reason: 'spool_limit' | 'disk_full' | 'lost_disk';
    }
  | {
      readonly kind: 'conflict';
      readonly leaf: number;
      readonly agent: string;
      readonly epoch: number;
      readonly seq: number;
    }
  | { readonly kind: 'site'; readonly leaf: number; readonly document: SiteDocument }
  | {
      readonly kind: 'maintenance';
      readonly leaf: number;
      /** Origin of its log, as headers name it in `seen`, and its index there. */
      readonly log: string;
      readonly index: number;
      readonly issued_ms: number;
    };
