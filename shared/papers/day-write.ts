import type { DeviceCarry } from '../judge/site/material.ts';
import type { Span } from '../judge/spans.ts';
import type { State } from '../judge/types.ts';
import type { DayDevice, DayPaper } from './types.ts';

/** A device of which nothing is said answered so long before `warm_ms`: the built-in setting. */
const ANSWERED_MS = 600_000;

/** When a device in this state answered before `warm_ms` if nothing is said of it. */
export function usualAnswered(state: State, warm_ms: number): Span[] {
  const answers = state === 'up' || state === 'degraded';
  return answers ? [{ from_ms: Math.max(0, warm_ms - ANSWERED_MS), to_ms: warm_ms }] : [];
}

/**
 * A day paper as it is signed: what is usual is left out, so that a calm device costs some 40
 * bytes, and devices stand in the order of their codes. What parseDayPaper reads is `paper` again.
 */
export function shortDay(paper: DayPaper): object {
  const { carry, ...rest } = paper;
  const codes = Object.keys(carry.devices).sort();
  const devices = codes.flatMap((code): [string, object][] => {
    const device = carry.devices[code];
    return device === undefined ? [] : [[code, shortDevice(device, carry.warm_ms)]];
  });
  return { ...rest, carry: { ...carry, devices: Object.fromEntries(devices) } };
}

/**
 * What a day paper says, without when it was said, by whom and from how long a ledger: two papers
 * of a day with the same text say the same. `paper` is as parseDayPaper gave it.
 */
export function dayContent(paper: DayPaper): string {
  const { v, log, issued_ms, author, as_of, ...content } = { ...paper, ...shortDay(paper) };
  return JSON.stringify(content);
}

function shortDevice(device: DayDevice, warm_ms: number): object {
  const { state, off, last_reply_ms, ever_answered, answered } = device;
  const usual = JSON.stringify(answered) === JSON.stringify(usualAnswered(state, warm_ms));
  return {
    ...(state === 'up' ? {} : { state }),
    ...said('silent_since_ms', device.silent_since_ms),
    ...said('earliest_ms', device.earliest_ms),
    ...(off === (state === 'off') ? {} : { off }),
    ...(usual ? {} : { answered }),
    ...said('incident', device.incident),
    ...shortSilence(device),
    ...said('last_reply_ms', last_reply_ms),
    ...(ever_answered === (last_reply_ms !== null) ? {} : { ever_answered }),
  };
}

function shortSilence(device: DeviceCarry): object {
  const { root, piece_from_ms, unknown_since_ms, before, troubles, silent_since_ms } = device;
  return {
    ...said('root', root),
    ...(piece_from_ms === silent_since_ms ? {} : said('piece_from_ms', piece_from_ms)),
    ...said('unknown_since_ms', unknown_since_ms),
    ...said('before', before),
    ...(troubles === undefined || troubles.length === 0 ? {} : { troubles }),
  };
}

function said(name: string, value: unknown): object {
  return value === null || value === undefined ? {} : { [name]: value };
}
