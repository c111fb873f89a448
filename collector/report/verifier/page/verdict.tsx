import { useEffect, useRef, useState } from 'preact/hooks';
import { CHECKS, type Verdict } from '../../../../shared/evidence/verify/types.ts';
import { formatDateTime } from '../../../../shared/i18n/format.ts';
import { exposureLines, isDemo, verdictLines } from '../../../../shared/i18n/verdict-lines.ts';
import { sayFinding, withTimes } from '../../../../shared/i18n/verify-finding-words.ts';
import {
  CHECK_WORDS,
  fill,
  OUTCOME_WORDS,
  VERIFY_WORDS,
} from '../../../../shared/i18n/verify-words.ts';
import { Against } from './against.tsx';
import { Checks } from './checks.tsx';
import { Figures } from './figures.tsx';
import type { HeldTexts } from './held.tsx';
import { language, t } from './language.ts';
import { megabytes, number } from './text.ts';

/** Things to know that are said in the one sentence; the others stand with their checks. */
const GAPS_TOLD = 2;

interface Props {
  readonly verdict: Verdict;
  /** What it was held against, as it was typed when verifying began. */
  readonly held: HeldTexts;
  readonly file: File;
  /** When it was verified, by this computer's clock. */
  readonly at_ms: number;
}

export function VerdictView({ verdict, held, file, at_ms }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  // A verdict is what everybody waited for: the keyboard goes there, and it is read aloud.
  useEffect(() => heading.current?.focus(), [verdict]);
  const { outcome } = verdict;
  const [about, ...not_proved] = exposureLines(verdict, language.value);
  return (
    <>
      {isDemo(verdict) ? <p class="demo">{fill(VERIFY_WORDS.demo, language.value)}</p> : null}
      <section class={`verdict ${outcome}`} aria-live="polite">
        <h2 ref={heading} tabIndex={-1}>
          {OUTCOME_WORDS[outcome][language.value]}
        </h2>
        <p class="why">{whyOf(verdict)}</p>
        <Actions verdict={verdict} />
      </section>
      <Against held={held} />
      <section class="about bundle">
        <h2>{t('about')}</h2>
        <Facts verdict={verdict} file={file} at_ms={at_ms} />
      </section>
      <Figures verdict={verdict} />
      <section>
        <h2>{t('checks')}</h2>
        <Checks verdict={verdict} />
      </section>
      <section class="not-proved">
        <h2>{about?.replace(/:$/, '')}</h2>
        <ul>
          {not_proved.map((line) => (
            <li key={line}>{line.trim()}</li>
          ))}
        </ul>
      </section>
    </>
  );
}

/** The outcome in one sentence. */
function whyOf({ outcome, checks }: Verdict): string {
  const found = checks.flatMap(({ findings }) => findings);
  // Missing data first, then what nobody outside could be asked about.
  const notes = (['gap', 'open'] as const).flatMap((severity) =>
    found.filter((finding) => finding.severity === severity),
  );
  const said = [...new Set(notes.map((finding) => sayFinding(finding, language.value)))];
  const first = said.slice(0, GAPS_TOLD).join('; ');
  const why = said.length > GAPS_TOLD ? `${first}; …` : first;
  if (outcome === 'pass') return why === '' ? t('why_pass') : t('why_pass_notes', { why });
  if (outcome === 'pass_with_gaps') return t('why_gaps', { why });
  for (const { id, findings } of checks) {
    const finding = findings.find(({ severity }) => severity === 'failed');
    if (finding === undefined) continue;
    const check = CHECK_WORDS[id][language.value];
    const what = sayFinding(finding, language.value);
    return t('why_fail', { number: CHECKS.indexOf(id) + 1, check, why: what });
  }
  return t('why_unchecked');
}

function Actions({ verdict }: Pick<Props, 'verdict'>) {
  const [copied, setCopied] = useState(false);
  const copy = (): void => {
    const text = verdictLines(verdict, language.value).join('\n');
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <p class="actions">
      <button type="button" onClick={() => print()}>
        {t('print')}
      </button>
      <button type="button" class="quiet" onClick={copy}>
        {copied ? t('copied') : t('copy')}
      </button>
    </p>
  );
}

function Facts({ verdict: { manifest, bundle_sha256 }, file, at_ms }: Omit<Props, 'held'>) {
  const facts: [string, string][] = [];
  if (manifest !== null) {
    const { site, from_ms, to_ms, masked } = manifest;
    const period = fill(VERIFY_WORDS.period, language.value, withTimes({ from_ms, to_ms }));
    facts.push([fill(VERIFY_WORDS.site, language.value), site], [t('period'), period]);
    if (masked) facts.push(['', fill(VERIFY_WORDS.masked, language.value)]);
  }
  facts.push([t('file_name'), `${file.name} (${megabytes(language.value, file.size)})`]);
  if (bundle_sha256 !== null) facts.push(['SHA-256', bundle_sha256]);
  if (manifest !== null) {
    const { as_of, software } = manifest;
    facts.push([t('head'), `${as_of.log} · ${number(language.value, as_of.size)}`]);
    facts.push([t('program'), software]);
  }
  facts.push([t('verified_at'), `${formatDateTime(at_ms)}. ${t('zone')}`]);
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name + value}>
          <dt>{name}</dt>
          <dd class={name === 'SHA-256' ? 'hash' : undefined}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
