/** Time in the period of which an agent says nothing: it is named, whatever the reason. */
import type { BundleManifest } from '../bundle/types.ts';
import type { Recorder } from './recorder.ts';
import { batchPlace, type WalkedBatch } from './walked-batch.ts';

/** Shorter pauses are not listed one by one: they are in the figures as time without data. */
const SILENT_MS_MIN = 5 * 60_000;

export interface Silence {
  batch(agent: string, batch: WalkedBatch): void;
  /** The time from the last batch of each agent to the end of the period. */
  end(): void;
}

export function createSilence(manifest: BundleManifest, said: Recorder): Silence {
  const { from_ms, to_ms, as_of } = manifest;
  const end_ms = Math.min(to_ms, as_of.to_ms);
  const closed = new Map<string, number>();
  const say = (agent: string, place: string, from: number, to: number): void => {
    const silent = { from_ms: Math.max(from, from_ms), to_ms: Math.min(to, end_ms) };
    if (silent.to_ms - silent.from_ms <= SILENT_MS_MIN) return;
    said.say('AGENT_SILENT', place, { agent, ...silent });
  };
  return {
    batch(agent, batch) {
      const { header } = batch;
      if (header === null) return;
      const before = closed.get(agent);
      const begun_ms = header.sealed_ms - batch.span_ms;
      if (before !== undefined && begun_ms - before > SILENT_MS_MIN) {
        say(agent, batchPlace(batch), before, begun_ms);
      }
      closed.set(agent, Math.max(before ?? 0, header.closed_to_ms));
    },
    end() {
      for (const [agent, at_ms] of closed) say(agent, agent, at_ms, end_ms);
    },
  };
}
