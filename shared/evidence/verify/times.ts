/** Check 11: when a batch was made, by what it saw and what covers it, not by its own clock. */
import { FUTURE_MAX_MS } from '../../judge/place.ts';
import { ordinal } from '../../judge/replay/inputs.ts';
import type { VerifiedAnchor } from './anchors.ts';
import type { Recorder } from './recorder.ts';
import type { ProvedHead } from './seen.ts';
import { batchPlace, type WalkedBatch } from './walked-batch.ts';

/** A collector's clock that went back further than this was set back, ms. */
const RECEIVED_BACK_MS = 60_000;
/** Beyond the stated error of a clock: sealing, rounding and the authority's own accuracy, ms. */
const TOLERANCE_MS = 60_000;

export interface TimeChecker {
  batch(batch: WalkedBatch, seen: ProvedHead | null): void;
  /** Batches whose time is bounded from both sides by anchors. */
  readonly strong: number;
}

interface Run {
  boot: string;
  epoch: number;
  mono_ms: number;
  /** Error of the newest synchronised sample; null: none in this run. */
  error_ms: number | null;
  run: string;
}

export function createTimes(anchors: readonly VerifiedAnchor[], said: Recorder): TimeChecker {
  const runs = new Map<string, Run>();
  const received = new Map<number, number>();
  let strong = 0;
  return {
    get strong() {
      return strong;
    },
    batch(batch, seen) {
      const { leaf, header } = batch;
      const last_ms = received.get(leaf.log) ?? 0;
      if (leaf.recv_ms < last_ms - RECEIVED_BACK_MS) {
        said.say('RECEIVED_BACK', `log ${leaf.log} leaf ${leaf.leaf}`, {
          from_ms: last_ms,
          to_ms: leaf.recv_ms,
        });
      }
      received.set(leaf.log, leaf.recv_ms);
      if (header === null) return;
      const run = followRun(runs, batch, said);
      if (header.sealed_ms > leaf.recv_ms + FUTURE_MAX_MS) {
        said.count('time', 'future');
        said.say('SEALED_FUTURE', batchPlace(batch), {
          sealed_ms: header.sealed_ms,
          recv_ms: leaf.recv_ms,
        });
      }
      const least_ms = seen === null ? null : newerThan(anchors, seen);
      const most_ms = olderThan(anchors, batch);
      if (least_ms !== null && most_ms !== null) strong += 1;
      checkBounds(batch, run, least_ms, most_ms, said);
    },
  };
}

/** The monotonic clock goes on inside one boot; what it says of steps is told. */
function followRun(runs: Map<string, Run>, batch: WalkedBatch, said: Recorder): Run {
  const { header, identity } = batch;
  const { agent, epoch } = identity;
  const before = runs.get(agent);
  const boot = header?.boot ?? '';
  const name = header?.run ?? '';
  const same = before !== undefined && before.boot === boot && before.epoch === epoch;
  const run: Run = same ? before : { boot, epoch, mono_ms: 0, error_ms: null, run: name };
  if (run.run !== name) {
    run.run = name;
    run.error_ms = null;
  }
  for (const { mono_ms, sync, error_ms } of header?.clock ?? []) {
    if (mono_ms < run.mono_ms) {
      said.say('MONO_BACK', batchPlace(batch), { agent, from_ms: run.mono_ms, to_ms: mono_ms });
    }
    run.mono_ms = mono_ms;
    if (sync) run.error_ms = error_ms ?? TOLERANCE_MS;
  }
  for (const { code, value } of header?.events ?? []) {
    if (code === 'clock_step')
      said.say('CLOCK_STEP', batchPlace(batch), { agent, step: value ?? 0 });
  }
  runs.set(agent, run);
  return run;
}

/** Newest anchor that stands in the tree that the agent had seen. */
function newerThan(anchors: readonly VerifiedAnchor[], { log, size }: ProvedHead): number | null {
  const seen_to = ordinal({ log, leaf: size });
  let newest: number | null = null;
  for (const { at, time_ms } of anchors) {
    if (at < seen_to && (newest === null || time_ms > newest)) newest = time_ms;
  }
  return newest;
}

/** Oldest anchor over a head that holds the batch. */
function olderThan(anchors: readonly VerifiedAnchor[], { at }: WalkedBatch): number | null {
  let oldest: number | null = null;
  for (const { to, time_ms } of anchors) {
    if (to > at && (oldest === null || time_ms < oldest)) oldest = time_ms;
  }
  return oldest;
}

/** A clock that claims to be right must agree; one that does not is read as unknown anyway. */
function checkBounds(
  batch: WalkedBatch,
  { error_ms }: Run,
  least_ms: number | null,
  most_ms: number | null,
  said: Recorder,
): void {
  const { header } = batch;
  if (header === null || error_ms === null) return;
  const { sealed_ms } = header;
  const room_ms = error_ms + TOLERANCE_MS;
  if (least_ms !== null && sealed_ms < least_ms - room_ms) {
    said.say('TIME_BEFORE_ANCHOR', batchPlace(batch), { sealed_ms, bound_ms: least_ms });
  }
  if (most_ms !== null && sealed_ms > most_ms + room_ms) {
    said.say('TIME_AFTER_ANCHOR', batchPlace(batch), { sealed_ms, bound_ms: most_ms });
  }
}
