import type { Span } from '../judge/spans.ts';
import { DEVICES_PER_SITE_MAX } from '../measure/inventory-defaults.ts';
import { HEAD, PaperReader } from './paper-reader.ts';
import type { MaintenancePaper } from './types.ts';

/** A window a day for a year, and room. */
export const WINDOWS_MAX = 400;
/** What lasts longer than a month is no work but a change of the inventory. */
export const WINDOW_MS_MAX = 31 * 86_400_000;
const MINUTE_MS = 60_000;
/** 400 windows and the codes of 2,000 devices. */
const BYTES_MAX = 256 * 1024;
const reader = new PaperReader();

/** Throws LanProofError PAPER_FORMAT with the member's path as place. */
export function parseMaintenancePaper(payload: Uint8Array): MaintenancePaper {
  const whole = reader.parse(payload, BYTES_MAX);
  if (Object.hasOwn(whole, 'cancels')) {
    const found = reader.members(whole, '', [...HEAD, 'cancels', 'reason']);
    return {
      ...reader.head(found),
      cancels: reader.assetCode(found.cancels, 'cancels'),
      reason: reader.line(found.reason, 'reason'),
    };
  }
  const found = reader.members(whole, '', [...HEAD, 'id', 'devices', 'windows', 'reason']);
  return {
    ...reader.head(found),
    id: reader.assetCode(found.id, 'id'),
    devices: found.devices === null ? null : readDevices(found.devices),
    windows: readWindows(found.windows),
    reason: reader.line(found.reason, 'reason'),
  };
}

function readDevices(value: unknown): string[] {
  const items = reader.list(value, 'devices', DEVICES_PER_SITE_MAX);
  if (items.length === 0) reader.fail('devices', 'is empty; null means the whole site');
  const seen = new Set<string>();
  return items.map((item, index) => {
    const place = `devices[${index}]`;
    const code = reader.assetCode(item, place);
    if (seen.has(code)) reader.fail(place, 'stands twice');
    seen.add(code);
    return code;
  });
}

function readWindows(value: unknown): Span[] {
  const items = reader.list(value, 'windows', WINDOWS_MAX);
  if (items.length === 0) reader.fail('windows', 'is empty');
  let end_ms = 0;
  return items.map((item, index) => {
    const place = `windows[${index}]`;
    const found = reader.members(item, place, ['from_ms', 'to_ms']);
    const from_ms = readMinute(found.from_ms, `${place}.from_ms`);
    const to_ms = readMinute(found.to_ms, `${place}.to_ms`);
    if (to_ms <= from_ms) reader.fail(place, 'ends before it begins or is empty');
    if (to_ms - from_ms > WINDOW_MS_MAX) reader.fail(place, 'is longer than 31 days');
    if (from_ms < end_ms) reader.fail(place, 'overlaps the window before it or is out of order');
    end_ms = to_ms;
    return { from_ms, to_ms };
  });
}

function readMinute(value: unknown, place: string): number {
  const at_ms = reader.time(value, place);
  return at_ms % MINUTE_MS === 0 ? at_ms : reader.fail(place, 'is not a whole UTC minute');
}
