import { t } from '../data/settings.ts';
import { colourOf, type Shown } from './state-badge.tsx';

const WIDTH = 4;
const HEIGHT = 16;
/** Shorter bars for states that are not "working": shape beside colour, at strip size. */
const TOP: Readonly<Record<Shown, number>> = {
  up: 0,
  degraded: 4,
  down: 0,
  unreachable: 0,
  off: 12,
  unknown: 0,
  pending: 0,
  not_measured: 0,
  maintenance: 8,
};

interface Props {
  readonly name: string;
  /** One state per minute, oldest first. */
  readonly cells: readonly Shown[];
}

/** The last 60 minutes, one bar a minute: the worst state seen in it. Unknown is hatched. */
export function Strip({ name, cells }: Props) {
  const count = (state: Shown) => cells.filter((cell) => cell === state).length;
  const label = t('strip_label', {
    name,
    up: count('up') + count('degraded'),
    down: count('down') + count('unreachable'),
    unknown: count('unknown') + count('pending'),
    off: count('off'),
  });
  return (
    <svg
      class="strip"
      viewBox={`0 0 ${cells.length * WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      {cells.map((state, minute) => (
        <Cell key={minute} state={state} x={minute * WIDTH} />
      ))}
    </svg>
  );
}

function Cell({ state, x }: { readonly state: Shown; readonly x: number }) {
  if (state === 'unknown' || state === 'pending') {
    return (
      <g>
        <rect x={x} y={0} width={WIDTH} height={HEIGHT} fill="var(--unknown-gap)" />
        <path
          d={`M${x} 16L${x + WIDTH} 8M${x} 8L${x + WIDTH} 0`}
          stroke="var(--unknown)"
          stroke-width="0.8"
        />
      </g>
    );
  }
  const top = TOP[state];
  return (
    <g>
      <rect x={x} y={top} width={WIDTH - 0.8} height={HEIGHT - top} fill={colourOf(state)} />
      {state === 'down' || state === 'unreachable' ? (
        <path
          d={`M${x + 0.4} 6l${WIDTH - 1.6} 4M${x + 0.4} 10l${WIDTH - 1.6} -4`}
          stroke="var(--card)"
          stroke-width="0.9"
        />
      ) : null}
    </g>
  );
}
