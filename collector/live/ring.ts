import type { Cause, Confidence } from '../../shared/judge/cause-names.ts';
import type { IncidentPhase } from '../../shared/judge/site/material.ts';
import type { UnknownReason } from '../../shared/judge/types.ts';
import type { DeviceKind } from '../../shared/measure/codes.ts';
import type { GroupCount, ShownState } from '../report/current.ts';

/** Something that viewers see change. Times are UTC epoch ms. */
export type LiveEvent =
  | {
      readonly type: 'device';
      readonly site: string;
      readonly device: string;
      readonly kind: DeviceKind;
      readonly state: ShownState;
      readonly reason: UnknownReason | null;
      readonly cause: Cause | null;
      readonly confidence: Confidence | null;
      readonly incident: string | null;
      readonly since_ms: number | null;
    }
  | {
      readonly type: 'computers';
      readonly site: string;
      readonly groups: readonly GroupCount[];
    }
  | {
      /** Without its devices: which of them somebody may see depends on who asks. */
      readonly type: 'incident';
      readonly site: string;
      readonly id: string;
      readonly phase: IncidentPhase;
    }
  | {
      readonly type: 'agent';
      readonly site: string;
      readonly agent: string;
      readonly up: boolean;
      readonly last_seen_ms: number | null;
    };

/** A minute's worst case of a large deployment; whoever was away longer loads the page anew. */
export const RING_EVENTS_MAX = 10_000;

export interface EventRing {
  push(event: LiveEvent): void;
  /** What was pushed so far is gone: whoever has an earlier position loads the page anew. */
  forget(): void;
  /** Position after the newest event. */
  readonly head: number;
  /** Events from position `from`, the newest of each subject; undefined if some were dropped. */
  since(from: number): LiveEvent[] | undefined;
  /** Opaque id of a position, for Last-Event-ID. */
  id(position: number): string;
  /** Position of an id of this ring; undefined for any other text. */
  position(id: string): number | undefined;
}

/** `instance` tells this process's ring from that of an earlier one: 4 or more characters. */
export function createEventRing(instance: string, events_max = RING_EVENTS_MAX): EventRing {
  const events: LiveEvent[] = [];
  let first = 0;
  return {
    push(event) {
      events.push(event);
      if (events.length >= 2 * events_max) {
        // Dropping a half at a time keeps every push cheap.
        first += events.length - events_max;
        events.splice(0, events.length - events_max);
      }
    },
    forget() {
      // One further than the head: nobody at an earlier position missed nothing.
      first += events.length + 1;
      events.length = 0;
    },
    get head() {
      return first + events.length;
    },
    since(from) {
      if (from < first || from > first + events.length) return undefined;
      const newest = new Map<string, LiveEvent>();
      for (let at = from - first; at < events.length; at++) {
        const event = events[at];
        if (event === undefined) continue;
        // Deleting first puts the subject at the end: order follows the newest event.
        newest.delete(subject(event));
        newest.set(subject(event), event);
      }
      return [...newest.values()];
    },
    id: (position) => Buffer.from(`${instance}.${position}`).toString('base64url'),
    position(id) {
      const [owner, position, ...rest] = Buffer.from(id, 'base64url').toString('utf8').split('.');
      if (owner !== instance || rest.length > 0 || !/^\d{1,15}$/.test(position ?? '')) {
        return undefined;
      }
      return Number(position);
    },
  };
}

function subject(event: LiveEvent): string {
  if (event.type === 'device') return `d/${event.site}/${event.device}`;
  if (event.type === 'agent') return `a/${event.site}/${event.agent}`;
  if (event.type === 'incident') return `i/${event.site}/${event.id}`;
  return `${event.type}/${event.site}`;
}
