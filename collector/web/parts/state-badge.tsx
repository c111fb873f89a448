import { isWord } from '../../../shared/i18n/words.ts';
import type { Cause, Confidence } from '../../../shared/judge/cause-names.ts';
import { t } from '../data/settings.ts';

/**
 * What a person sees. Two are display words: `pending` never answered, its time is unknown;
 * `not_measured`: nothing can be said, as of a switch without witnesses.
 */
export type Shown =
  | 'up'
  | 'degraded'
  | 'down'
  | 'unreachable'
  | 'off'
  | 'unknown'
  | 'maintenance'
  | 'pending'
  | 'not_measured';

/** Worst first, what is no fault last: the order of tiles, counters and rows. */
export const SHOWN: readonly Shown[] = [
  'down',
  'unreachable',
  'degraded',
  'unknown',
  'pending',
  'maintenance',
  'up',
  'off',
  'not_measured',
];

export function colourOf(state: Shown): string {
  if (state === 'pending') return 'var(--unknown)';
  if (state === 'not_measured') return 'var(--quiet)';
  return `var(--${state})`;
}

/** Each state has a shape of its own: colour alone is not enough for many eyes. */
function Shape({ state }: { readonly state: Shown }) {
  const colour = colourOf(state);
  switch (state) {
    case 'up':
      return <circle cx="8" cy="8" r="6" fill={colour} />;
    case 'degraded':
      return (
        <>
          <circle cx="8" cy="8" r="5.5" fill="none" stroke={colour} stroke-width="2" />
          <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill={colour} />
        </>
      );
    case 'down':
      return (
        <>
          <rect x="1.5" y="1.5" width="13" height="13" rx="2" fill={colour} />
          <path d="M5 5l6 6M11 5l-6 6" stroke="var(--card)" stroke-width="2" />
        </>
      );
    case 'unreachable':
      return (
        <>
          <rect
            x="2"
            y="2"
            width="12"
            height="12"
            rx="2"
            fill="none"
            stroke={colour}
            stroke-width="2"
          />
          <path d="M5.5 5.5l5 5M10.5 5.5l-5 5" stroke={colour} stroke-width="2" />
        </>
      );
    case 'off':
      return (
        <path
          d="M8 2v6M4.5 4a5.5 5.5 0 1 0 7 0"
          fill="none"
          stroke="var(--quiet)"
          stroke-width="2"
        />
      );
    case 'unknown':
      return (
        <path
          d="M5 6a3 3 0 1 1 3.6 2.9c-.5.2-.6.6-.6 1.4M8 13v.6"
          fill="none"
          stroke={colour}
          stroke-width="2.2"
        />
      );
    case 'maintenance':
      return <path d="M4 3h3v10H4zM9 3h3v10H9z" fill={colour} />;
    case 'not_measured':
      return <path d="M3 8h10" stroke={colour} stroke-width="2" />;
    case 'pending':
      return (
        <circle
          cx="8"
          cy="8"
          r="5.5"
          fill="none"
          stroke={colour}
          stroke-width="2"
          stroke-dasharray="2.4 2"
        />
      );
  }
}

interface Props {
  readonly state: Shown;
  readonly count?: number;
  /** Name of what is down and hides this one. */
  readonly root?: string | undefined;
}

/** Colour, shape and word of a state, with a count before it. */
export function StateBadge({ state, count, root }: Props) {
  const hidden = state === 'unreachable' && root !== undefined;
  return (
    <span class={`badge ${state}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <Shape state={state} />
      </svg>
      <span>
        {count === undefined ? '' : `${count} `}
        {hidden ? t('state_unreachable_by', { root }) : t(`state_${state}`)}
      </span>
    </span>
  );
}

/** "do mất điện (đo được)"; where nothing is proved it says so, and claims no confidence. */
export function causeText(cause: Cause, confidence: Confidence | null): string {
  if (cause === 'undetermined') return t('cause_undetermined');
  const said = t('because', { cause: t(`cause_${cause}`) });
  return confidence === null ? said : `${said} (${t(`confidence_${confidence}`)})`;
}

/** Why a device is not up, below its state: the cause, and for unknown time why it is unknown. */
export function Why(props: {
  readonly state: Shown;
  readonly reason: string | null;
  readonly cause: Cause | null;
  readonly confidence: Confidence | null;
}) {
  const { state, reason, cause, confidence } = props;
  const word = `reason_${reason}`;
  const said: string[] = [];
  if (state === 'unknown' && isWord(word)) said.push(t(word));
  if (cause !== null) said.push(causeText(cause, confidence));
  return said.length === 0 ? null : <div class="why quiet">{said.join(' · ')}</div>;
}
