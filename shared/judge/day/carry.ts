import type {
  CarriedIncident,
  CarriedTrouble,
  DeviceCarry,
  DeviceMaterial,
  Incident,
  PieceMark,
  TroubleMark,
} from '../site/material.ts';
import { clip, type Span, union } from '../spans.ts';
import { beforeOf, materialOf, WARM_MS, warmOf } from './material.ts';
import type { DeviceSlots } from './slots.ts';
import type { JudgedWindow, SiteCarry, WindowAsk } from './types.ts';

/** How the devices stood WARM_MS before the cut, from the window that holds the cut. */
export function carryAt(ask: WindowAsk, at_ms: number, judged: JudgedWindow): SiteCarry {
  const warm_ms = Math.max(at_ms - WARM_MS, warmOf(ask));
  const { site, slots } = materialOf(ask);
  const incidents = new Map(judged.incidents.map((one) => [one.id, one]));
  const context: CarryContext = { ask, judged, warm_ms, incidents };
  const devices: Record<string, DeviceCarry> = {};
  for (const material of site.devices) {
    const last_ms = material.base.at(-1)?.to_ms ?? Number.POSITIVE_INFINITY;
    if (last_ms <= warm_ms) continue;
    devices[material.device] = deviceCarry(material, slots.get(material.device), context);
  }
  const used = new Set(
    Object.values(devices).flatMap(({ incident, troubles }) => [
      ...(incident === null ? [] : [incident.id]),
      ...(troubles ?? []).map((trouble) => trouble.incident.id),
    ]),
  );
  return {
    at_ms,
    warm_ms,
    devices,
    incidents: judged.incidents.filter(({ id }) => used.has(id)),
  };
}

interface CarryContext {
  readonly ask: WindowAsk;
  readonly judged: JudgedWindow;
  readonly warm_ms: number;
  readonly incidents: ReadonlyMap<string, Incident>;
}

function deviceCarry(
  material: DeviceMaterial,
  slots: DeviceSlots | undefined,
  context: CarryContext,
): DeviceCarry {
  const { ask, judged, warm_ms } = context;
  const { settings } = ask.documents;
  const { device } = material;
  const pieces = (judged.marks?.pieces ?? []).filter(
    (one) => one.device === device && one.from_ms < warm_ms,
  );
  const piece = pieces.find((one) => one.to_ms > warm_ms);
  const interval = judged.intervals.findLast(
    (one) => one.device === device && one.from_ms < warm_ms,
  );
  const gap = judged.marks?.gaps.find(
    (one) => one.device === device && one.from_ms < warm_ms && one.to_ms > warm_ms,
  );
  const up = union(
    material.base
      .filter(({ state }) => state === 'up')
      .map((one) => ({ from_ms: one.from_ms, to_ms: one.to_ms ?? ask.to_ms })),
  );
  const whole = piece !== undefined && piece.from_ms === piece.silence.from_ms;
  return {
    state: piece?.state ?? interval?.state ?? material.carry?.state ?? 'unknown',
    silent_since_ms: piece?.silence.from_ms ?? null,
    earliest_ms: piece?.silence.earliest_ms ?? null,
    off: isOff(pieces, up, material.carry, warmOf(ask), warm_ms),
    answered: clip(up, warm_ms - settings.answered_before_ms, warm_ms),
    incident: carried(context.incidents.get(piece?.incident ?? '')),
    root: piece?.root ?? null,
    piece_from_ms: piece?.from_ms ?? null,
    unknown_since_ms: gap?.from_ms ?? null,
    before:
      whole && slots !== undefined
        ? beforeOf(piece.silence.from_ms, slots, material.carry, warmOf(ask))
        : null,
    troubles: troublesOf(device, context),
  };
}

/** Switched off, and no reply since. */
function isOff(
  pieces: readonly PieceMark[],
  up: readonly Span[],
  carry: DeviceCarry | null,
  begun_ms: number,
  warm_ms: number,
): boolean {
  const last = [...pieces].sort((a, b) => a.from_ms - b.from_ms).at(-1);
  // Answers before the window came before what was carried in.
  const since_ms = last?.to_ms ?? begun_ms;
  if (up.some((one) => one.to_ms > since_ms && one.from_ms < warm_ms)) return false;
  return last === undefined ? carry?.off === true : last.state === 'off';
}

/** What happened so shortly before that later troubles may be joined to it, one per incident. */
function troublesOf(device: string, context: CarryContext): CarriedTrouble[] {
  const { ask, judged, warm_ms, incidents } = context;
  const { lossy_join_ms, near_ms, together_ms } = ask.documents.settings;
  const since_ms = warm_ms - Math.max(lossy_join_ms, near_ms, together_ms);
  const out = new Map<string, CarriedTrouble>();
  for (const one of judged.marks?.troubles ?? []) {
    if (one.device !== device || one.from_ms >= warm_ms) continue;
    const key = `${one.sort} ${one.incident}`;
    const to_ms = Math.min(warm_ms, one.to_ms);
    const incident = carried(incidents.get(one.incident));
    if (incident === null) continue;
    out.set(key, joined(out.get(key), one, to_ms, incident));
  }
  return [...out.values()].filter((one) => one.to_ms >= since_ms);
}

function joined(
  old: CarriedTrouble | undefined,
  { sort, from_ms }: TroubleMark,
  to_ms: number,
  incident: CarriedIncident,
): CarriedTrouble {
  if (old === undefined) return { sort, from_ms, to_ms, incident };
  return {
    sort,
    from_ms: Math.min(old.from_ms, from_ms),
    to_ms: Math.max(old.to_ms, to_ms),
    incident,
  };
}

function carried(incident: Incident | undefined): CarriedIncident | null {
  if (incident === undefined) return null;
  const { id, cause, confidence } = incident;
  return {
    id,
    root: incident.roots[0] ?? '',
    from_ms: incident.started_at_ms,
    earliest_ms: incident.started_earliest_ms,
    cause,
    confidence,
  };
}
