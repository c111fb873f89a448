import { t } from '../data/settings.ts';
import { colourOf, SHOWN, type Shown } from './state-badge.tsx';

const WIDTH = 4;
const HEIGHT = 16;
/** A little air between two minutes. */
const BAR = WIDTH - 0.8;
/** Where a bar begins, from the top: height tells states apart where colour does not. */
const TOP: Readonly<Record<Shown, number>> = {
  up: 0,
  degraded: 6,
  down: 0,
  unreachable: 0,
  off: 12,
  unknown: 0,
  pending: 0,
  not_measured: 0,
  maintenance: 9,
};

interface Props {
  readonly name: string;
  /** One state per minute, oldest first. */
  readonly cells: readonly Shown[];
}

/** The last 60 minutes, one bar a minute: the worst state seen in it. Unknown is hatched. */
export function Strip({ name, cells }: Props) {
  const parts = SHOWN.flatMap((state) => {
    const n = cells.filter((cell) => cell === state).length;
    return n === 0 ? [] : [t('strip_part', { state: t(`state_${state}`), n })];
  });
  const label = t('strip_label', { name, parts: parts.join(', ') });
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
  if (state === 'unreachable') return <Hidden x={x} />;
  const top = TOP[state];
  return (
    <g>
      <rect x={x} y={top} width={BAR} height={HEIGHT - top} fill={colourOf(state)} />
      {state === 'down' ? (
        <path
          d={`M${x + 0.4} 6l${BAR - 0.8} 4M${x + 0.4} 10l${BAR - 0.8} -4`}
          stroke="var(--card)"
          stroke-width="0.9"
        />
      ) : null}
    </g>
  );
}

/** Behind something that is down: a hollow bar. */
function Hidden({ x }: { readonly x: number }) {
  const colour = colourOf('unreachable');
  return (
    <g>
      <rect x={x} y={0} width={BAR} height={HEIGHT} fill={colour} />
      <rect x={x + 0.7} y={3} width={BAR - 1.4} height={HEIGHT - 6} fill="var(--card)" />
    </g>
  );
}
