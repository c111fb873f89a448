import type { CheckResult, Finding, Verdict } from '../../../../shared/evidence/verify/types.ts';
import { sayFinding } from '../../../../shared/i18n/verify-finding-words.ts';
import { CHECK_ABOUT } from '../../../../shared/i18n/verify-page-words.ts';
import {
  CHECK_WORDS,
  COUNT_WORDS,
  type CountWord,
  fill,
  STATUS_WORDS,
  VERIFY_WORDS,
} from '../../../../shared/i18n/verify-words.ts';
import { language, t } from './language.ts';
import { number } from './text.ts';

/** Findings of a check that stand there at once, and on paper. */
const SHOWN_MAX = 8;

/** All fifteen, in order; what was found is folded under each. */
export function Checks({ verdict }: { readonly verdict: Verdict }) {
  return (
    <ol class="checks">
      {verdict.checks.map((check) => (
        <Check key={check.id} check={check} />
      ))}
    </ol>
  );
}

function Check({ check }: { readonly check: CheckResult }) {
  const { id, status, findings, more } = check;
  const counts = countsOf(check);
  return (
    <li class={status}>
      <p class="name">
        <span class="status">{STATUS_WORDS[status][language.value]}</span>
        <strong>{CHECK_WORDS[id][language.value]}</strong>
      </p>
      <p class="note">
        {CHECK_ABOUT[id][language.value]}
        {counts === '' ? null : <span class="counts"> {counts}.</span>}
      </p>
      {findings.length === 0 ? null : (
        <details open={status === 'failed'}>
          <summary>
            {t('findings', { count: number(language.value, findings.length + more) })}
          </summary>
          <Findings findings={findings} more={more} />
        </details>
      )}
    </li>
  );
}

/** The first ones; a bundle full of faults would hide the other checks. */
function Findings({ findings, more }: Pick<CheckResult, 'findings' | 'more'>) {
  const rest = findings.slice(SHOWN_MAX);
  return (
    <>
      <Lines findings={findings.slice(0, SHOWN_MAX)} />
      {rest.length === 0 ? null : (
        <details class="rest">
          <summary>{t('rest', { count: number(language.value, rest.length + more) })}</summary>
          <Lines findings={rest} />
          {more > 0 ? <p>{fill(VERIFY_WORDS.more, language.value, { count: more })}</p> : null}
        </details>
      )}
    </>
  );
}

function Lines({ findings }: Pick<CheckResult, 'findings'>) {
  return (
    <ul>
      {findings.map((finding, at) => (
        <Line key={`${finding.code} ${at}`} finding={finding} />
      ))}
    </ul>
  );
}

function Line({ finding }: { readonly finding: Finding }) {
  const { severity, place, code } = finding;
  return (
    <li class={severity}>
      {sayFinding(finding, language.value)}{' '}
      <code>
        {place} · {code}
      </code>
    </li>
  );
}

function countsOf({ counted }: CheckResult): string {
  return Object.entries(counted)
    .flatMap(([name, count]) =>
      isCountWord(name) && count > 0
        ? [`${number(language.value, count)} ${COUNT_WORDS[name][language.value]}`]
        : [],
    )
    .join(', ');
}

function isCountWord(name: string): name is CountWord {
  return Object.hasOwn(COUNT_WORDS, name);
}
