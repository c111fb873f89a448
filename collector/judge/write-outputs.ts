import { utf8 } from '../../shared/bytes.ts';
import { encodeChunk } from '../../shared/judge/chunk.ts';
import type { JudgeOutput } from '../../shared/judge/judge.ts';
import { JUDGE_STATE_VERSION } from '../../shared/judge/state.ts';
import type { StateInterval } from '../../shared/judge/types.ts';
import type { WriteUnit } from '../store/store.ts';
import { ordinal } from './inputs.ts';
import type { Folded, SiteJudge } from './site-judge.ts';

/** Writes what was found; writing the same again changes nothing. */
export async function writeOutputs(
  tx: WriteUnit,
  judge: SiteJudge,
  folded: Folded,
  how: { readonly now_ms: number; readonly save: boolean },
): Promise<void> {
  const { site, position } = judge;
  for (const output of folded.outputs) await writeOutput(tx, site, output);
  if (how.save) {
    const state = JSON.stringify(judge.state);
    const version = JUDGE_STATE_VERSION;
    await tx.putJudgeState({ site, ...position, version, state, saved_ms: how.now_ms });
  }
  const ahead = ordinal(position) > ordinal(judge.published);
  // A batch that says nothing is not written at once; the next saved state makes up for it.
  if (ahead || how.save) await tx.putJudgeProgress(site, ahead ? position : judge.published);
  const devices = new Set(folded.fresh.flatMap(({ live }) => live.map(({ device }) => device)));
  if (devices.size === 0) return;
  const detail = JSON.stringify({ devices: [...devices] });
  await tx.addOutbox({ site, at_ms: how.now_ms, kind: 'state', detail });
}

/** An input is of one agent, and so is everything that it changed. */
async function writeOutput(tx: WriteUnit, site: string, output: JudgeOutput): Promise<void> {
  const [summary] = output.agents;
  if (summary === undefined) return;
  const of = { site, agent: summary.agent };
  const byDevice = new Map<string, StateInterval[]>();
  for (const interval of output.states) {
    const list = byDevice.get(interval.device);
    if (list === undefined) byDevice.set(interval.device, [interval]);
    else list.push(interval);
  }
  for (const list of byDevice.values()) {
    await tx.putIntervals(list.map((interval) => ({ ...of, ...interval })));
  }
  for (const chunk of output.chunks) {
    const { agent, hour_ms } = chunk;
    await tx.putChunk({ site, agent, hour_ms, body: utf8(encodeChunk(chunk)) });
  }
  for (const window of output.windows) await tx.putWindow({ site, ...window });
}
