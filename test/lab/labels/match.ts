import { CAUSES, type Cause } from '../../../shared/judge/cause-names.ts';
import { blamesLan, type Expected, type MadeFault, type Said } from './labels.ts';

/** An incident as the API tells it, UTC ms; `to_ms` null: it goes on. */
export interface ToldIncident {
  readonly id: string;
  readonly cause: Cause;
  readonly devices: readonly string[];
  readonly from_ms: number;
  readonly to_ms: number | null;
}

/** A finding; `device` is the one that hangs on the port that it is about. */
export interface ToldFinding {
  readonly what: string;
  readonly device: string;
  readonly from_ms: number;
  readonly to_ms: number;
}

/** Time of one device in a minute, ms: off, and unknown time by the cause that explains it. */
export interface ToldMinute {
  readonly device: string;
  readonly at_ms: number;
  readonly off_ms: number;
  readonly explained_ms: Readonly<Partial<Record<Cause, number>>>;
}

/** Time of one device that was not answered, or in which nothing is known, slot by slot. */
export interface ToldSpan {
  readonly device: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly what: 'silent' | 'unknown';
}

/** All that the product says of one office. */
export interface Told {
  readonly incidents: readonly ToldIncident[];
  readonly findings: readonly ToldFinding[];
  readonly minutes: readonly ToldMinute[];
  readonly spans: readonly ToldSpan[];
}

export type Grade = 'right' | 'accepted' | 'undetermined' | 'wrong';

export interface Verdict {
  readonly fault: MadeFault;
  readonly grade: Grade;
  /** What the table counts. */
  readonly said: Said;
  /** Everything that was said of it. */
  readonly all: readonly Said[];
}

export interface Judged {
  readonly verdicts: readonly Verdict[];
  /** Said of a time and of devices in which nothing was done. */
  readonly invented: readonly { readonly said: Said; readonly about: string }[];
}

/** A word may begin a little before its fault (lower bounds) and end after it (recovery). */
const BEFORE_MS = 4_000;
const AFTER_MS = 14_000;
const MINUTE_MS = 60_000;
/** A state that took less of a fault's time is not what was said of it. */
const MOST_SHARE = 0.5;

/** Holds what was said against the labels. Each word is about one fault: the one it fits best. */
export function judge(faults: readonly MadeFault[], told: Told): Judged {
  const words = new Map<MadeFault, { incidents: Said[]; findings: Said[] }>();
  for (const fault of faults) words.set(fault, { incidents: [], findings: [] });
  const invented: Judged['invented'][number][] = [];
  for (const { cause, devices, from_ms, to_ms, id } of told.incidents) {
    const fault = best(faults, devices, from_ms, to_ms ?? Number.POSITIVE_INFINITY);
    const about = `${devices.join(' ')} ${new Date(from_ms).toISOString()} ${id.slice(0, 8)}`;
    if (fault === undefined) invented.push({ said: cause, about });
    else words.get(fault)?.incidents.push(cause);
  }
  for (const { what, device, from_ms, to_ms } of told.findings) {
    const said: Said = `finding/${what}`;
    // A sign may be bounded by far: of those that it may be about, it is about one that makes it.
    const meant = faults.filter(({ plan }) => fits(plan.expected, said));
    const fault = best(meant, [device], from_ms, to_ms) ?? best(faults, [device], from_ms, to_ms);
    if (fault !== undefined) words.get(fault)?.findings.push(said);
    else invented.push({ said, about: `${device} ${new Date(from_ms).toISOString()}` });
  }
  const verdicts = faults.map((fault) => {
    const { incidents = [], findings = [] } = words.get(fault) ?? {};
    const state = stateIn(fault, told);
    return verdictOf(fault, incidents, state === null ? [] : [state], findings);
  });
  return { verdicts, invented };
}

/** The fault that concerns one of the devices and shares most time with the word. */
function best(
  faults: readonly MadeFault[],
  devices: readonly string[],
  from_ms: number,
  to_ms: number,
): MadeFault | undefined {
  let found: MadeFault | undefined;
  let most_ms = Number.NEGATIVE_INFINITY;
  for (const fault of faults) {
    if (!fault.plan.expected.devices.some((device) => devices.includes(device))) continue;
    if (to_ms < fault.from_ms - BEFORE_MS || from_ms > fault.to_ms + AFTER_MS) continue;
    const shared_ms = Math.min(to_ms, fault.to_ms) - Math.max(from_ms, fault.from_ms);
    if (shared_ms <= most_ms) continue;
    most_ms = shared_ms;
    found = fault;
  }
  return found;
}

/**
 * Whether most of the fault's time was off for its devices, or unknown, and by which cause: slots
 * tell the time, the minutes that it lies in tell what it is called.
 */
function stateIn({ plan, from_ms, to_ms }: MadeFault, { minutes, spans }: Told): Said | null {
  const { said: asked, devices } = plan.expected;
  const most_ms = MOST_SHARE * (to_ms - from_ms) * devices.length;
  const time = (what: ToldSpan['what']): number =>
    spans
      .filter((span) => span.what === what && devices.includes(span.device))
      .reduce((sum, one) => sum + shared(one, { from_ms, to_ms }), 0);
  const own = minutes.filter(({ device, at_ms }) => {
    return devices.includes(device) && at_ms < to_ms && at_ms + MINUTE_MS > from_ms;
  });
  const silent_ms = time('silent');
  const off_ms = own.reduce((sum, minute) => sum + minute.off_ms, 0);
  if (silent_ms >= most_ms && off_ms >= MOST_SHARE * silent_ms) return 'off';
  if (time('unknown') < most_ms) return null;
  const causes = CAUSES.map((cause) => ({
    cause,
    ms: own.reduce((sum, { explained_ms }) => sum + (explained_ms[cause] ?? 0), 0),
  })).sort((a, b) => b.ms - a.ms);
  const [first] = causes;
  if (first !== undefined && first.ms >= MOST_SHARE * most_ms) return `unknown/${first.cause}`;
  // Unknown time without a cause is a matter only where time should be unknown.
  return asked.startsWith('unknown/') ? 'unknown/undetermined' : null;
}

interface Between {
  readonly from_ms: number;
  readonly to_ms: number;
}

const shared = (a: Between, b: Between): number =>
  Math.max(0, Math.min(a.to_ms, b.to_ms) - Math.max(a.from_ms, b.from_ms));

function verdictOf(
  fault: MadeFault,
  incidents: readonly Said[],
  states: readonly Said[],
  findings: readonly Said[],
): Verdict {
  const { expected } = fault.plan;
  const all = [...new Set([...incidents, ...states, ...findings])];
  const give = (grade: Grade, said: Said): Verdict => ({ fault, grade, said, all });
  const isGood = (said: Said) => fits(expected, said);
  const open = (said: Said) => said === 'undetermined' || said === 'unknown/undetermined';
  const quiet = expected.said === 'none' || expected.said === 'off';
  const strict = [...incidents, ...states, ...(quiet ? findings : [])];
  const false_word = strict.find((said) => !isGood(said) && !open(said));
  if (false_word !== undefined) return give('wrong', false_word);
  if (all.includes(expected.said)) {
    // Right in part is not right: another word leaves it open.
    const doubt = strict.find((said) => open(said) && !isGood(said));
    return doubt === undefined ? give('right', expected.said) : give('undetermined', doubt);
  }
  const accepted = all.find(isGood);
  if (accepted !== undefined) return give('accepted', accepted);
  const doubt = all.find(open);
  if (doubt !== undefined) return give('undetermined', doubt);
  if (expected.said === 'none') return give('right', 'none');
  // A sign that was not noticed is a gap; an outage that was not noticed is wrong.
  const sign = expected.said.startsWith('finding/') || expected.said === 'undetermined';
  return give(sign ? 'undetermined' : 'wrong', 'none');
}

function fits(expected: Expected, said: Said): boolean {
  return said === expected.said || expected.accepted.some((other) => other.said === said);
}

export interface Score {
  readonly faults: number;
  readonly determined: number;
  readonly right: number;
  /** Something of the LAN was blamed that was not at fault, or nothing was at fault. */
  readonly wrong_lan: readonly string[];
  readonly invented: number;
}

/** Counts; an accepted answer is a right one, and each invention is one more wrong answer. */
export function scoreOf(all: readonly Judged[]): Score {
  const verdicts = all.flatMap((one) => one.verdicts);
  const invented = all.flatMap((one) => one.invented);
  const blamed = verdicts.filter(({ grade, said }) => grade === 'wrong' && blamesLan(said));
  const false_alarms = invented.filter(({ said }) => blamesLan(said));
  return {
    faults: verdicts.length,
    determined: verdicts.filter(({ grade }) => grade !== 'undetermined').length + invented.length,
    right: verdicts.filter(({ grade }) => grade === 'right' || grade === 'accepted').length,
    wrong_lan: [
      ...blamed.map(({ fault, said }) => `${fault.plan.id} ${fault.plan.kind}: ${said}`),
      ...false_alarms.map(({ said, about }) => `invented ${said}: ${about}`),
    ],
    invented: invented.length,
  };
}

/** Of what was determined so much must be right, and so much must be determined (issue 4). */
const RIGHT_SHARE_MIN = 0.95;
const DETERMINED_SHARE_MIN = 0.8;

/** What keeps a score from passing; empty: it passes. */
export function failuresOf({ faults, determined, right, wrong_lan, invented }: Score): string[] {
  const out = wrong_lan.map((what) => `wrong LAN label: ${what}`);
  if (right < RIGHT_SHARE_MIN * determined) out.push(`${right} of ${determined} determined right`);
  if (determined - invented < DETERMINED_SHARE_MIN * faults) {
    out.push(`${determined - invented} of ${faults} determined`);
  }
  return out;
}
