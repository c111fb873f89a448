import type { ClockSync } from './platform.ts';
import type { RunCommand } from './run-command.ts';

const NONE: ClockSync = { source: 'none', synchronised: false, error_ms: null };
/** STA_UNSYNC of adjtimex(2). */
const STA_UNSYNC = 0x40;

/**
 * Asks, in this order: chronyd, the kernel's NTP state (ntptime or adjtimex, which state a
 * maximum error), systemd (which only says yes or no). adjtimex(2) itself is out of reach.
 */
export async function readClockSync(run: RunCommand): Promise<ClockSync> {
  const ways: readonly [string, string[], (text: string) => ClockSync | null][] = [
    ['chronyc', ['-n', '-c', 'tracking'], parseChrony],
    ['ntptime', [], parseNtptime],
    ['adjtimex', ['--print'], parseAdjtimex],
    ['timedatectl', ['show', '-p', 'NTPSynchronized', '--value'], parseTimedatectl],
  ];
  for (const [path, args, parse] of ways) {
    const text = await run(path, args);
    const found = text === null ? null : parse(text);
    if (found !== null) return found;
  }
  return NONE;
}

/** CSV of `chronyc -c tracking`: error ≤ |offset| + root delay / 2 + root dispersion. */
function parseChrony(text: string): ClockSync | null {
  const fields = text.trim().split(',');
  const leap = fields[13];
  if (leap === undefined) return null;
  const [offset_s, delay_s, dispersion_s] = [fields[4], fields[10], fields[11]].map(Number);
  const error_ms =
    (Math.abs(offset_s ?? Number.NaN) + (delay_s ?? 0) / 2 + (dispersion_s ?? 0)) * 1000;
  const synchronised = leap !== 'Not synchronised' && Number.isFinite(error_ms);
  return { source: 'chrony', synchronised, error_ms: synchronised ? error_ms : null };
}

function parseNtptime(text: string): ClockSync | null {
  const error_us = /maximum error (\d+) us/.exec(text)?.[1];
  return error_us === undefined ? null : kernel(!/UNSYNC|ERROR/.test(text), error_us);
}

function parseAdjtimex(text: string): ClockSync | null {
  const error_us = /maxerror:\s*(\d+)/.exec(text)?.[1];
  const status = /status:\s*(\d+)/.exec(text)?.[1];
  if (error_us === undefined || status === undefined) return null;
  return kernel((Number(status) & STA_UNSYNC) === 0, error_us);
}

function kernel(synchronised: boolean, error_us: string): ClockSync {
  return {
    source: 'kernel',
    synchronised,
    error_ms: synchronised ? Number(error_us) / 1000 : null,
  };
}

function parseTimedatectl(text: string): ClockSync | null {
  const answer = text.trim();
  if (answer !== 'yes' && answer !== 'no') return null;
  return { source: 'kernel', synchronised: answer === 'yes', error_ms: null };
}
