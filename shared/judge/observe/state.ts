import type { AgentEvent, ResultSection } from '../../measure/batch.ts';
import type { CountersState } from '../counters/state.ts';
import type { FactDraft } from './rows.ts';

/** Batches of a run without a synchronised clock that wait to be placed: half an hour. */
export const PENDING_MAX = 30;
/** Facts that go on at once: each of 2,000 devices and each port of its switches may have one. */
export const GOING_MAX = 4_096;
/** Ports and checks that are remembered of one agent, of each kind. */
export const MEMOS_MAX = 4_096;

/** A number of a poll; decimal text beyond ±(2^53 − 1); null: no such instance. */
export type Cell = number | string | null;

/** The newest values of one table of one device, of the columns that facts come from. */
export interface Table {
  if_index: readonly number[];
  /** Kept columns: their names, and their places in the key poll. */
  names: readonly string[];
  places: readonly number[];
  /** Columns of the key poll. */
  width: number;
  /** Per kept column one value per port. */
  values: (readonly Cell[])[];
  /** UTC ms of the poll that read them. */
  at_ms: number;
  /** Differences may be added: no batch is lacking since the key poll. */
  whole: boolean;
}

/** Damaged frames of a port since its packets were read, and between which polls they came. */
export interface GrownErrors {
  count: number;
  readonly from_ms: number;
  to_ms: number;
}

/** What is remembered of one polled device. */
export interface Polled {
  readonly clock: CountersState;
  /** No batch is lacking since the device's scalars were written. */
  scalars: boolean;
  /** Upper bound of its newest restart, and the key under which that was said. */
  restarted_ms: number | null;
  said_restart: string | null;
  readonly tables: Record<string, Table>;
  /** Best speed so far by ifIndex, Mb/s. */
  readonly best: Record<string, number>;
  /** Ports that lost link and did not come back: when, by ifIndex. */
  readonly lost: Record<string, readonly [from_ms: number, to_ms: number]>;
  /** What is poor about ports that are up, by ifIndex. */
  readonly poor: Record<string, readonly ('half_duplex' | 'speed_fall')[]>;
  /** Errors in received frames since packets were last read, by ifIndex. */
  readonly errors: Record<string, GrownErrors>;
  /** Polls in a row that were not answered. */
  silent: { from_ms: number; to_ms: number; polls: number } | null;
}

/** A fact that goes on. */
export interface Going {
  readonly fact: FactDraft;
  readonly from_ms: number;
  to_ms: number;
  /** How far it was said. */
  said_ms: number;
  /** Beyond this after to_ms it is over. */
  readonly join_ms: number;
}

/** What observing needs of one batch; of a batch that waits for its clock only this is kept. */
export interface Material {
  readonly epoch: number;
  readonly seq: number;
  readonly run: string;
  readonly list: string;
  /** The machine was started since the batch before. */
  readonly new_boot: boolean;
  /** Signed holes before it, of which a full disk was the reason. */
  readonly disk_full: boolean;
  readonly sealed_mono_ms: number;
  readonly seen: { readonly log: string; readonly size: number };
  readonly events: readonly AgentEvent[];
  /** Null: not all of the batch can be read. */
  readonly sections: readonly ResultSection[] | null;
}

/** What is remembered of one agent between its batches: plain JSON. */
export interface ObserveState {
  boot: string | null;
  /** A hole that a full disk made, since the last batch. */
  disk_full: boolean;
  /** Sealing time of the newest placed batch, UTC ms. */
  sealed_ms: number | null;
  /** Codes by target index of the list that the newest batch names. */
  list: { readonly hash: string; readonly codes: readonly string[] } | null;
  /** Where the newest placed batch stands: differences go on only from it. */
  chain: { epoch: number; seq: number; run: string; list: string } | null;
  pending: Material[];
  /** Mains of the host; null: not known yet. */
  ac_line: boolean | null;
  /** Newest times when the host's carrier was lost and came back. */
  carrier: { lost_ms: number | null; flaps: (readonly [from_ms: number, to_ms: number])[] };
  /** By device code. */
  readonly polled: Record<string, Polled>;
  /** By `what/target/probe/check`: failures in a row. */
  readonly failing: Record<string, { from_ms: number; to_ms: number; ticks: number }>;
  /** By device code: send times of the newest large echoes that were lost alone. */
  readonly large: Record<string, number[]>;
  /** By the beginning of their rows' keys. */
  readonly going: Record<string, Going>;
}

export function createObserve(): ObserveState {
  return {
    boot: null,
    disk_full: false,
    sealed_ms: null,
    list: null,
    chain: null,
    pending: [],
    ac_line: null,
    carrier: { lost_ms: null, flaps: [] },
    polled: {},
    failing: {},
    large: {},
    going: {},
  };
}
