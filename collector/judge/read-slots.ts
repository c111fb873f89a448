import { fromUtf8 } from '../../shared/bytes.ts';
import { decodeChunk, type SlotChunk } from '../../shared/judge/chunk.ts';
import { type Closed, lateReason } from '../../shared/judge/closed.ts';
import { coverSlots } from '../../shared/judge/cover.ts';
import { openChunks } from '../../shared/judge/judge.ts';
import { ownWindows } from '../../shared/judge/owners.ts';
import type { SlotRun } from '../../shared/judge/types.ts';
import type { Store } from '../store/store.ts';
import type { SiteJudge } from './site-judge.ts';

/** Slots of one device without a gap, by the words of those who had it. */
export async function readSlots(
  store: Store,
  { site, state }: SiteJudge,
  closed: Closed,
  ask: { readonly device: string; readonly from_ms: number; readonly to_ms: number },
): Promise<SlotRun[]> {
  const { device, from_ms, to_ms } = ask;
  const windows = ownWindows(await store.windows(site, device));
  const agents = new Set(windows.map(({ agent }) => agent));
  const open = [...agents].flatMap((agent) => openChunks(state, agent));
  const rows = await store.chunks(site, from_ms, to_ms);
  const final = rows
    .filter(({ agent }) => agents.has(agent))
    .map(({ body }) => decodeChunk(fromUtf8(body), device));
  const chunks = newestOfEachHour([...final, ...open]);
  const late = lateReason(closed, windows.at(-1)?.agent ?? '');
  const runs = coverSlots({ device, chunks, windows, from_ms, to_ms, late });
  return runs.filter((run) => run.slots > 0);
}

/** An hour that is still open in the judge stands over what an earlier replay stored. */
export function newestOfEachHour(chunks: readonly SlotChunk[]): SlotChunk[] {
  return [...new Map(chunks.map((chunk) => [`${chunk.agent}/${chunk.hour_ms}`, chunk])).values()];
}
