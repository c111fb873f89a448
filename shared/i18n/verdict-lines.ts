/** A verdict as lines of text, for a terminal and for the clipboard of the page. */
import { DEMO_ORIGIN } from '../evidence/checkpoint.ts';
import type { CheckResult, Exposure, Finding, Verdict } from '../evidence/verify/types.ts';
import { sayFinding, withTimes } from './verify-finding-words.ts';
import {
  CHECK_WORDS,
  COUNT_WORDS,
  type CountWord,
  fill,
  OUTCOME_WORDS,
  STATUS_WORDS,
  VERIFY_WORDS,
  type VerifyWord,
} from './verify-words.ts';
import type { Language } from './words.ts';

/** Findings of one check that are printed; the page shows all that are kept. */
const PRINTED_MAX = 12;

/** The whole verdict: what was verified, the fifteen checks, what is not proved, the outcome. */
export function verdictLines(verdict: Verdict, language: Language): string[] {
  const words = STATUS_WORDS;
  const width = Math.max(...Object.values(words).map((word) => word[language].length));
  return [
    ...headLines(verdict, language),
    '',
    ...verdict.checks.flatMap((check, index) => checkLines(check, index + 1, width, language)),
    '',
    ...exposureLines(verdict, language),
    '',
    outcomeText(verdict, language),
  ];
}

/** Whether the bundle comes from a demo's log: nothing in it was really measured. */
export function isDemo({ manifest }: Pick<Verdict, 'manifest'>): boolean {
  return manifest?.as_of.log.startsWith(DEMO_ORIGIN) ?? false;
}

/** `KHÔNG KHỚP (1 Tệp nguyên vẹn)`: with the checks that failed. */
export function outcomeText({ outcome, checks }: Verdict, language: Language): string {
  const word = OUTCOME_WORDS[outcome][language];
  const failed = checks.flatMap(({ id, status }, index) =>
    status === 'failed' && id !== 'verdict' ? [`${index + 1} ${CHECK_WORDS[id][language]}`] : [],
  );
  return failed.length === 0 ? word : `${word} (${failed.join('; ')})`;
}

/** What nobody can prove with this bundle, as sentences. */
export function exposureLines(verdict: Verdict, language: Language): string[] {
  const { exposure, carried_in } = verdict;
  const say = (word: VerifyWord, values: Readonly<Record<string, string | number>> = {}): string =>
    fill(VERIFY_WORDS[word], language, withTimes(values));
  const lines = [say('truth'), say(`keys_${exposure.keys}`)];
  if (verdict.manifest !== null) {
    lines.push(sayWindow(exposure, say));
    const { strong_batches: strong, batches } = exposure;
    if (batches > 0) lines.push(say('times_bounded', { strong, batches }));
  }
  if (exposure.printed > 0) lines.push(say('printed_good', { count: exposure.printed }));
  if (carried_in !== null) lines.push(say('carried_in', { day: carried_in.day }));
  return [`${say('not_proved')}:`, ...lines.map((line) => `  ${line}`)];
}

function sayWindow(
  { anchored_ms, unanchored_from_ms, unanchored_to_ms }: Exposure,
  say: (word: VerifyWord, values?: Readonly<Record<string, string | number>>) => string,
): string {
  if (unanchored_from_ms === null) return say('exposed_none', { anchored_ms: anchored_ms ?? 0 });
  const all = anchored_ms === null || anchored_ms < unanchored_from_ms;
  if (all) return say('exposed_all');
  return say('exposed_from', { from_ms: unanchored_from_ms, to_ms: unanchored_to_ms });
}

function headLines({ manifest, bundle_sha256 }: Verdict, language: Language): string[] {
  const lines = [fill(VERIFY_WORDS.title, language)];
  if (isDemo({ manifest })) lines.push(fill(VERIFY_WORDS.demo, language));
  if (manifest !== null) {
    const { site, from_ms, to_ms, masked } = manifest;
    lines.push(`${fill(VERIFY_WORDS.site, language)}: ${site}`);
    lines.push(fill(VERIFY_WORDS.period, language, withTimes({ from_ms, to_ms })));
    if (masked) lines.push(fill(VERIFY_WORDS.masked, language));
  }
  if (bundle_sha256 !== null) lines.push(`SHA-256 ${bundle_sha256}`);
  return lines;
}

function checkLines(
  { id, status, findings, more, counted }: CheckResult,
  number: number,
  width: number,
  language: Language,
): string[] {
  const counts = Object.entries(counted).flatMap(([name, count]) =>
    isCountWord(name) && count > 0 ? [`${count} ${COUNT_WORDS[name][language]}`] : [],
  );
  const about = counts.length === 0 ? '' : ` · ${counts.join(', ')}`;
  const word = STATUS_WORDS[status][language].padEnd(width);
  const shown = findings.slice(0, PRINTED_MAX).map((finding) => findingLine(finding, language));
  const hidden = findings.length - shown.length + more;
  const rest = hidden > 0 ? [fill(VERIFY_WORDS.more, language, { count: hidden })] : [];
  return [
    `${String(number).padStart(2)} ${word} ${CHECK_WORDS[id][language]}${about}`,
    ...[...shown, ...rest].map((line) => `${' '.repeat(width + 4)}${line}`),
  ];
}

function findingLine(finding: Finding, language: Language): string {
  return `${finding.place}: ${sayFinding(finding, language)} [${finding.code}]`;
}

function isCountWord(name: string): name is CountWord {
  return Object.hasOwn(COUNT_WORDS, name);
}
