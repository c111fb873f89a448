import type { FinalInterval } from '../../../shared/judge/final.ts';
import type { Incident } from '../../../shared/judge/site/material.ts';
import type { OutboxRow } from '../../store/rows-judgement.ts';
import type { SiteJudge } from '../site-judge.ts';
import type { SiteNow } from './now.ts';

/** What was last published of a site beyond what its slots say. */
interface Told {
  readonly states: ReadonlyMap<string, string>;
  readonly incidents: ReadonlyMap<string, string>;
}

const NOTHING: Told = { states: new Map(), incidents: new Map() };

/** Compares what is so now with what was told. In memory: a restart says standing things again. */
export interface Teller {
  /** Events for the outbox; `done` is called once they are committed. */
  compare(
    judge: SiteJudge,
    now: SiteNow | null,
    at_ms: number,
  ): { readonly rows: Omit<OutboxRow, 'id'>[]; readonly done: () => void };
}

export function createTeller(): Teller {
  const told = new WeakMap<SiteJudge, Told>();
  return {
    compare(judge, now, at_ms) {
      const before = told.get(judge) ?? NOTHING;
      const incidents = now?.incidents ?? [];
      const next: Told = {
        states: new Map([...(now?.finals ?? [])].map(([device, one]) => [device, markOf(one)])),
        incidents: new Map(incidents.map((one) => [one.id, incidentMark(one)])),
      };
      const { site } = judge;
      const rows: Omit<OutboxRow, 'id'>[] = [];
      const devices = changedKeys(before.states, next.states);
      if (devices.length > 0) {
        rows.push({ site, at_ms, kind: 'state', detail: JSON.stringify({ devices }) });
      }
      for (const one of incidents) {
        if (before.incidents.get(one.id) === next.incidents.get(one.id)) continue;
        rows.push({ site, at_ms, kind: 'incident', detail: JSON.stringify(publicPart(one)) });
      }
      for (const id of before.incidents.keys()) {
        if (next.incidents.has(id)) continue;
        const detail = JSON.stringify({ id, phase: 'settled' });
        rows.push({ site, at_ms, kind: 'incident', detail });
      }
      return { rows, done: () => void told.set(judge, next) };
    },
  };
}

function changedKeys(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string[] {
  const keys = new Set([...a.keys(), ...b.keys()]);
  return [...keys].filter((key) => a.get(key) !== b.get(key)).sort();
}

function markOf({ state, reason, cause, incident }: FinalInterval): string {
  return JSON.stringify([state, reason, cause, incident]);
}

function incidentMark({ phase, cause, ended_at_ms }: Incident): string {
  return JSON.stringify([phase, cause, ended_at_ms]);
}

/** Without the devices: which of them somebody may see depends on who asks. */
function publicPart({ id, kind, phase, cause, started_at_ms, ended_at_ms }: Incident): object {
  return { id, kind, phase, cause, started_at_ms, ended_at_ms };
}
