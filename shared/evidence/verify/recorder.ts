/** Keeps what was found, by check; bounded, because a bundle of lies could find without end. */
import { FINDINGS, type FindingCode, type Severity } from './codes.ts';
import {
  CHECKS,
  type CheckId,
  type CheckResult,
  type CheckStatus,
  type Detail,
  type Finding,
  type Gap,
} from './types.ts';

/** Findings of one severity kept of one check: more of them tell a person nothing more. */
export const FINDINGS_MAX = 100;

/** Thrown where nothing further can be checked; the finding that says why is recorded. */
export class Halt extends Error {}

export interface Recorder {
  /** Says it under the check that the code belongs to. */
  say(code: FindingCode, place: string, detail?: Detail): void;
  /** Says it and ends everything behind it. */
  halt(code: FindingCode, place: string, detail?: Detail): never;
  count(check: CheckId, what: string, by?: number): void;
  /** The check was carried out; without it its status is `not_checked` unless it failed. */
  done(...checks: readonly CheckId[]): void;
  has(severity: Severity): boolean;
  results(): CheckResult[];
  gaps(): Gap[];
}

interface Kept {
  readonly findings: Record<Severity, Finding[]>;
  readonly counted: Record<string, number>;
  more: number;
  done: boolean;
}

/** Gravest first: so they are listed, too. */
const SEVERITIES = ['failed', 'gap', 'open', 'note'] as const satisfies readonly Severity[];

export function createRecorder(): Recorder {
  const kept = new Map<CheckId, Kept>();
  for (const id of CHECKS) {
    const findings = { failed: [], gap: [], open: [], note: [] };
    kept.set(id, { findings, counted: {}, more: 0, done: false });
  }
  const of = (id: CheckId): Kept => {
    const found = kept.get(id);
    if (found === undefined) throw new TypeError(`no check ${id}`);
    return found;
  };
  const recorder: Recorder = {
    say(code, place, detail = {}) {
      const [check, severity] = FINDINGS[code];
      const into = of(check);
      const list = into.findings[severity];
      if (list.length < FINDINGS_MAX) list.push({ code, severity, place, detail });
      else into.more += 1;
    },
    halt(code, place, detail) {
      recorder.say(code, place, detail);
      throw new Halt(code);
    },
    count(check, what, by = 1) {
      const { counted } = of(check);
      counted[what] = (counted[what] ?? 0) + by;
    },
    done(...checks) {
      for (const id of checks) of(id).done = true;
    },
    has: (severity) => CHECKS.some((id) => of(id).findings[severity].length > 0),
    results: () =>
      CHECKS.map((id) => {
        const { findings, more, counted } = of(id);
        const all = SEVERITIES.flatMap((severity) => findings[severity]);
        return { id, status: statusOf(of(id)), findings: all, more, counted: { ...counted } };
      }),
    gaps: () =>
      CHECKS.flatMap((check) => of(check).findings.gap.map((finding) => ({ check, ...finding }))),
  };
  return recorder;
}

function statusOf({ findings, done }: Kept): CheckStatus {
  if (findings.failed.length > 0) return 'failed';
  if (!done) return 'not_checked';
  return findings.gap.length + findings.open.length > 0 ? 'gap' : 'ok';
}
