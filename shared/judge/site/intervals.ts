import type { FinalInterval } from '../final.ts';
import { intersect, type Span, subtract } from '../spans.ts';
import type { UnknownReason } from '../types.ts';
import type { Verdict } from './case.ts';
import type { Gap } from './causes-unknown.ts';
import type { Exposure } from './exposure.ts';
import type { Incident, SiteMaterial } from './material.ts';
import type { Piece } from './pieces.ts';
import type { ClosedBase, Track } from './tracks.ts';
import { nearSpans, nodeAt } from './tracks.ts';

/** A final interval before it is closed: its end in numbers. */
type Segment = Omit<FinalInterval, 'to_ms' | 'settled'> & { readonly to_ms: number };

interface IntervalContext {
  readonly site: SiteMaterial;
  readonly pieces: readonly Piece[];
  readonly exposure: Exposure;
  /** Maintenance of another device: time in which it hides what hangs behind it. */
  readonly maintenanceOf: (device: string) => readonly Span[];
  readonly incidentOf: (piece: Piece) => Incident | null;
  readonly degraded: readonly (Span & { readonly incident: Incident | null })[];
  readonly explain: (gap: Gap) => Verdict | null;
  /** Whether nothing but what people switch off stood witness for it then. */
  readonly undetermined: (at_ms: number) => boolean;
}

/** Classes that maintenance does not cover (accounting §1): nothing was proved in such slots. */
const ABOVE_MAINTENANCE: ReadonlySet<UnknownReason | null> = new Set<UnknownReason>([
  'withheld',
  'unreadable',
  'conflict',
  'clock_invalid',
  'clock_pending',
]);

const NOTHING = {
  reason: null,
  earliest_ms: null,
  latest_ms: null,
  incident: null,
  cause: null,
  confidence: null,
} as const;

/** All final intervals of one device: exactly the base's time in the window, without overlap. */
export function intervalsOf(track: Track, context: IntervalContext): FinalInterval[] {
  const segments = track.base.flatMap((piece) => {
    if (piece.state === 'up') return upSegments(track, piece, context);
    if (piece.state === 'unknown') return [unknownSegment(track, piece, context)];
    return silentSegments(track, piece, context);
  });
  const { site } = context;
  const clipped = overlay(segments, context.exposure.maintenance).flatMap((segment) => {
    const from_ms = Math.max(segment.from_ms, site.from_ms);
    const to_ms = Math.min(segment.to_ms, site.to_ms);
    return from_ms < to_ms ? [{ ...segment, from_ms, to_ms }] : [];
  });
  const open = track.base.at(-1)?.open === true;
  return joined(clipped).map((segment) => close(segment, open, context));
}

function upSegments(track: Track, piece: ClosedBase, { degraded }: IntervalContext): Segment[] {
  const { device } = track;
  const out: Segment[] = [];
  const parts = nearSpans(degraded, piece.from_ms, piece.to_ms);
  for (const part of parts) {
    for (const span of intersect([part], [piece])) {
      const incident = part.incident?.id ?? null;
      out.push({ ...NOTHING, ...span, device, state: 'degraded', incident });
    }
  }
  for (const span of subtract([piece], parts)) {
    out.push({ ...NOTHING, ...span, device, state: 'up' });
  }
  return out.sort((a, b) => a.from_ms - b.from_ms);
}

function unknownSegment(track: Track, piece: ClosedBase, context: IntervalContext): Segment {
  const { from_ms, to_ms, reason, open } = piece;
  const gap = { agent: nodeAt(track, from_ms)?.agent ?? '', reason, from_ms, to_ms, open };
  const verdict: Omit<Verdict, 'facts'> | null =
    reason === 'short_run' && context.undetermined(from_ms)
      ? { cause: 'undetermined', confidence: 'inferred' }
      : context.explain(gap);
  const { cause, confidence } = verdict ?? { cause: null, confidence: null };
  const { device } = track;
  return { ...NOTHING, device, from_ms, to_ms, state: 'unknown', reason, cause, confidence };
}

function silentSegments(track: Track, base: ClosedBase, context: IntervalContext): Segment[] {
  const { device } = track;
  const { exposure } = context;
  const out: Segment[] = [];
  const state = { state: 'up' } as const;
  const short = { state: 'unknown', reason: 'short_run' } as const;
  for (const span of intersect(exposure.up, [base])) {
    out.push({ ...NOTHING, ...state, ...span, device });
  }
  for (const span of intersect(exposure.short, [base])) {
    out.push({ ...NOTHING, ...short, ...span, device });
  }
  // What lies in maintenance is covered by the overlay; off stands there until then.
  for (const span of intersect(exposure.maintenance, [base])) {
    out.push({ ...NOTHING, state: 'maintenance', ...span, device });
  }
  for (const piece of context.pieces) {
    if (piece.to_ms <= base.from_ms || piece.from_ms >= base.to_ms) continue;
    for (const span of intersect(exposure.bad, [piece])) {
      out.push(...badSegments(piece, span, context));
    }
  }
  return out.sort((a, b) => a.from_ms - b.from_ms);
}

/** Bad time of one piece; what is hidden by the maintenance of its root says so. */
function badSegments(piece: Piece, span: Span, context: IntervalContext): Segment[] {
  const incident = piece.state === 'off' ? null : context.incidentOf(piece);
  const hidden = piece.root === null ? [] : context.maintenanceOf(piece.root.device);
  const { silence, device, state } = piece;
  const part = (one: Span, isHidden: boolean): Segment => ({
    device,
    ...one,
    state,
    reason: null,
    earliest_ms: one.from_ms === silence.from_ms ? silence.earliest_ms : null,
    latest_ms: one.to_ms === silence.to_ms ? silence.latest_ms : null,
    incident: incident?.id ?? null,
    cause: isHidden ? 'maintenance' : (incident?.cause ?? null),
    confidence: isHidden ? 'declared' : (incident?.confidence ?? null),
  });
  if (state === 'off') return [part(span, false)];
  return [
    ...intersect([span], hidden).map((one) => part(one, true)),
    ...subtract([span], hidden).map((one) => part(one, false)),
  ];
}

function overlay(segments: readonly Segment[], maintenance: readonly Span[]): Segment[] {
  const out: Segment[] = [];
  for (const segment of segments) {
    const cuts = nearSpans(maintenance, segment.from_ms, segment.to_ms);
    if (cuts.length === 0 || ABOVE_MAINTENANCE.has(segment.reason)) {
      out.push(segment);
      continue;
    }
    const { device } = segment;
    const parts = [
      ...subtract([segment], cuts).map((span) => ({ ...segment, ...span })),
      ...intersect([segment], cuts).map(
        (span): Segment => ({ ...NOTHING, ...span, device, state: 'maintenance' }),
      ),
    ];
    out.push(...parts.sort((a, b) => a.from_ms - b.from_ms));
  }
  return out;
}

/** Neighbours that say the same become one. */
function joined(segments: readonly Segment[]): Segment[] {
  const out: Segment[] = [];
  for (const segment of segments) {
    const last = out.at(-1);
    const same =
      last !== undefined &&
      last.to_ms === segment.from_ms &&
      last.state === segment.state &&
      last.reason === segment.reason &&
      last.incident === segment.incident &&
      last.cause === segment.cause &&
      last.confidence === segment.confidence;
    if (!same) out.push(segment);
    else out[out.length - 1] = { ...last, to_ms: segment.to_ms, latest_ms: segment.latest_ms };
  }
  return out;
}

function close(segment: Segment, open: boolean, context: IntervalContext): FinalInterval {
  const { site } = context;
  const goesOn = open && segment.to_ms === site.to_ms;
  const isLate = segment.to_ms + site.settings.settle_ms > site.to_ms;
  return { ...segment, to_ms: goesOn ? null : segment.to_ms, settled: !goesOn && !isLate };
}
