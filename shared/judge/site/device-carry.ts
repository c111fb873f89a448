import { type Span, union } from '../spans.ts';
import { keptAnswers } from './answers-kept.ts';
import type {
  CarriedIncident,
  CarriedTrouble,
  DeviceCarry,
  DeviceMaterial,
  Incident,
  PieceMark,
  SiteJudgement,
  SiteMarks,
  SiteMaterial,
  TroubleMark,
} from './material.ts';
import type { Plan } from './topology.ts';

export interface CarryContext {
  /** What was judged, over the material's [from_ms, to_ms). */
  readonly site: Pick<SiteMaterial, 'from_ms' | 'to_ms' | 'settings'>;
  readonly judged: Pick<SiteJudgement, 'intervals' | 'incidents'> & { readonly marks?: SiteMarks };
  /** The next window's start, UTC ms, in the one that was judged. */
  readonly at_ms: number;
  /** The site's plan at `at_ms`; null: there is none. */
  readonly plan: Plan | null;
  readonly incidents: ReadonlyMap<string, Incident>;
}

type Before = NonNullable<DeviceCarry['before']> | null;

/**
 * What a device leaves behind at an instant, so that judging may go on from there and say the same.
 * `beforeOf` counts the 30 slots before a silence's start.
 */
export function deviceCarry(
  material: DeviceMaterial,
  context: CarryContext,
  beforeOf: (silent_ms: number) => Before,
): DeviceCarry {
  const { site, judged, at_ms, plan } = context;
  const { settings } = site;
  const { device } = material;
  const all = judged.marks?.pieces ?? [];
  // Also where what went on is called something else from this very instant on.
  const begun = ({ silence, from_ms }: PieceMark) => silence.from_ms < at_ms && from_ms <= at_ms;
  const pieces = all.filter((one) => one.device === device && begun(one));
  const piece = pieces.find((one) => one.to_ms > at_ms);
  const interval = judged.intervals.findLast((one) => one.device === device && one.from_ms < at_ms);
  const gap = judged.marks?.gaps.find(
    (one) => one.device === device && one.from_ms < at_ms && one.to_ms > at_ms,
  );
  const up = union(
    material.base
      .filter(({ state }) => state === 'up')
      .map((one) => ({ from_ms: one.from_ms, to_ms: one.to_ms ?? site.to_ms })),
  );
  const answered = union([...up, ...(material.carry?.answered ?? [])]);
  const whole = piece !== undefined && piece.from_ms === piece.silence.from_ms;
  return {
    state: piece?.state ?? interval?.state ?? material.carry?.state ?? 'unknown',
    silent_since_ms: piece?.silence.from_ms ?? null,
    earliest_ms: piece?.silence.earliest_ms ?? null,
    off: isOff(pieces, up, material.carry, site.from_ms, at_ms),
    answered: keptAnswers(device, answered, { plan, pieces: all, settings, at_ms }),
    incident: carried(context.incidents.get(piece?.incident ?? '')),
    root: piece?.root ?? null,
    piece_from_ms: piece?.from_ms ?? null,
    unknown_since_ms: gap?.from_ms ?? null,
    before: whole ? beforeOf(piece.silence.from_ms) : null,
    troubles: troublesOf(device, context),
  };
}

/** Switched off, and no reply since. */
function isOff(
  pieces: readonly PieceMark[],
  up: readonly Span[],
  carry: DeviceCarry | null,
  begun_ms: number,
  at_ms: number,
): boolean {
  const last = [...pieces].sort((a, b) => a.from_ms - b.from_ms).at(-1);
  // Answers before the window came before what was carried in.
  const since_ms = last?.to_ms ?? begun_ms;
  if (up.some((one) => one.to_ms > since_ms && one.from_ms < at_ms)) return false;
  return last === undefined ? carry?.off === true : last.state === 'off';
}

/** What happened so shortly before that later troubles may be joined to it, one per incident. */
function troublesOf(device: string, context: CarryContext): CarriedTrouble[] {
  const { site, judged, at_ms, incidents } = context;
  const { lossy_join_ms, near_ms, together_ms } = site.settings;
  const since_ms = at_ms - Math.max(lossy_join_ms, near_ms, together_ms);
  const out = new Map<string, CarriedTrouble>();
  for (const one of judged.marks?.troubles ?? []) {
    if (one.device !== device || one.from_ms >= at_ms) continue;
    const key = `${one.sort} ${one.incident}`;
    const to_ms = Math.min(at_ms, one.to_ms);
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
