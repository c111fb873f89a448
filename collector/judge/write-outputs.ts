import { utf8 } from '../../shared/bytes.ts';
import { encodeChunk } from '../../shared/judge/chunk.ts';
import type { JudgeOutput } from '../../shared/judge/judge.ts';
import { ordinal } from '../../shared/judge/replay/inputs.ts';
import { JUDGE_STATE_VERSION } from '../../shared/judge/state.ts';
import type { StateInterval } from '../../shared/judge/types.ts';
import type { WriteUnit } from '../store/store.ts';
import type { Folded, SiteJudge } from './site-judge.ts';

/**
 * Writes what was found; writing the same again changes nothing. Returns from when on something
 * else is said now than before; null: nothing.
 */
export async function writeOutputs(
  tx: WriteUnit,
  judge: SiteJudge,
  folded: Folded,
  how: { readonly now_ms: number; readonly save: boolean },
): Promise<number | null> {
  const { site, position } = judge;
  let changed_ms = Number.POSITIVE_INFINITY;
  for (const output of folded.outputs) {
    changed_ms = Math.min(changed_ms, await writeOutput(tx, site, output));
  }
  if (how.save) {
    const state = JSON.stringify(judge.state);
    const version = JUDGE_STATE_VERSION;
    await tx.putJudgeState({ site, ...position, version, state, saved_ms: how.now_ms });
  }
  const ahead = ordinal(position) > ordinal(judge.published);
  // A batch that says nothing is not written at once; the next saved state makes up for it.
  if (ahead || how.save) await tx.putJudgeProgress(site, ahead ? position : judge.published);
  const devices = new Set(folded.fresh.flatMap(({ live }) => live.map(({ device }) => device)));
  if (devices.size > 0) {
    const detail = JSON.stringify({ devices: [...devices] });
    await tx.addOutbox({ site, at_ms: how.now_ms, kind: 'state', detail });
  }
  return changed_ms === Number.POSITIVE_INFINITY ? null : changed_ms;
}

/** Returns the earliest moment that is told otherwise than before; infinity: none is. */
async function writeOutput(tx: WriteUnit, site: string, output: JudgeOutput): Promise<number> {
  let changed_ms = Number.POSITIVE_INFINITY;
  const note = (at_ms: number | null): void => {
    changed_ms = Math.min(changed_ms, at_ms ?? Number.POSITIVE_INFINITY);
  };
  for (const { key, from_ms, to_ms, seen } of output.seen) {
    note(await tx.putSeen({ site, key, from_ms, to_ms, body: JSON.stringify(seen) }));
  }
  // An input is of one agent or of none, and so is everything else that it changed.
  const [summary] = output.agents;
  if (summary === undefined) return changed_ms;
  const of = { site, agent: summary.agent };
  const byDevice = new Map<string, StateInterval[]>();
  for (const interval of output.states) {
    const list = byDevice.get(interval.device);
    if (list === undefined) byDevice.set(interval.device, [interval]);
    else list.push(interval);
  }
  for (const list of byDevice.values()) {
    note(await tx.putIntervals(list.map((interval) => ({ ...of, ...interval }))));
  }
  for (const chunk of output.chunks) {
    const { agent, hour_ms } = chunk;
    await tx.putChunk({ site, agent, hour_ms, body: utf8(encodeChunk(chunk)) });
  }
  for (const window of output.windows) note(await tx.putWindow({ site, ...window }));
  return changed_ms;
}
