/** Where the demo talks to a person. */
export interface Terminal {
  write(text: string): void;
  /** True: one line is written over again and again; false: a plain line now and then. */
  readonly live: boolean;
}

/** A plain line so often, ms: a log file stays readable. */
const LINE_EVERY_MS = 4_000;
const REDRAW_EVERY_MS = 200;
const BAR_CELLS = 24;
const MINUTES_PER_DAY = 1_440;

export interface Progress {
  /** Minutes of history done so far, batches taken so far. */
  update(minutes: number, batches: number): void;
  /** The last line. */
  done(minutes: number, batches: number): void;
}

/** Shows how far the history is; `total` is in minutes. */
export function createProgress(terminal: Terminal, total: number, mono_ms: () => number): Progress {
  const start_ms = mono_ms();
  let shown_ms = Number.NEGATIVE_INFINITY;
  const text = (minutes: number, batches: number): string => {
    const share = total === 0 ? 1 : Math.min(1, minutes / total);
    const spent_s = Math.max(0.001, (mono_ms() - start_ms) / 1_000);
    const left_s = share > 0 ? (spent_s / share) * (1 - share) : Number.POSITIVE_INFINITY;
    const cells = Math.round(share * BAR_CELLS);
    const bar = '█'.repeat(cells) + '·'.repeat(BAR_CELLS - cells);
    const [done, all] = [minutes, total].map((part) => (part / MINUTES_PER_DAY).toFixed(1));
    const eta = Number.isFinite(left_s) ? `${Math.ceil(left_s)} s left` : '';
    const percent = `${Math.floor(share * 100)}`.padStart(3);
    const speed = Math.round(batches / spent_s);
    return `history ${bar} ${percent} % · ${done}/${all} days · ${speed} batches/s · ${eta}`;
  };
  return {
    update(minutes, batches) {
      const now = mono_ms();
      if (now - shown_ms < (terminal.live ? REDRAW_EVERY_MS : LINE_EVERY_MS)) return;
      shown_ms = now;
      const line = text(minutes, batches);
      terminal.write(terminal.live ? `\r\x1b[2K  ${line}` : `  ${line}\n`);
    },
    done(minutes, batches) {
      const spent_s = (mono_ms() - start_ms) / 1_000;
      const days = (minutes / MINUTES_PER_DAY).toFixed(1);
      const line = `history: ${days} days, ${batches} batches in ${spent_s.toFixed(1)} s`;
      terminal.write(`${terminal.live ? '\r\x1b[2K' : ''}  ${line}\n`);
    },
  };
}
