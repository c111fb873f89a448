import type { Io } from './command.ts';

/** Between two lines: often enough to see that it goes on, ms. */
const SAY_EVERY_MS = 2_000;
const MB = 1024 * 1024;

/** Says now and then how far something is: as `text` makes it of what is given. */
export function progressLines<Facts extends unknown[]>(
  io: Pick<Io, 'err'>,
  text: (...facts: Facts) => string,
  mono_ms: () => number = () => performance.now(),
): (...facts: Facts) => void {
  let said_ms = mono_ms();
  return (...facts) => {
    const now_ms = mono_ms();
    if (now_ms - said_ms < SAY_EVERY_MS) return;
    said_ms = now_ms;
    io.err(text(...facts));
  };
}

/** `12.3 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes / MB).toFixed(1)} MB`;
}
