import type { DemoDevice, DemoSite } from '../sites.ts';
import type { Story } from './script.ts';
import { anyOf } from './windows.ts';

/**
 * How long the agent takes to find a PC at another address: it is silent for one and a half
 * intervals, then half of a /24 is asked at 20 a second. Of the modelled past only, ms.
 */
export const FOUND_AFTER_MS = 22_000;

/** Where a device has its address, and until when it stays there; null: nowhere. */
export function addressAt(
  story: Story,
  site: DemoSite,
  device: DemoDevice,
  at_ms: number,
): { readonly address: string | null; readonly until_ms: number } {
  const { address, lease } = device;
  if (lease === undefined) return { address, until_ms: Number.POSITIVE_INFINITY };
  const leases = story.leases.filter(
    ({ window }) => window.site === site.code && window.device === device.code,
  );
  const { on, until_ms } = anyOf(leases, at_ms);
  return { address: on ? lease : address, until_ms };
}

/** Whether the modelled agent still asks where the device was before. */
export function isSought(story: Story, site: DemoSite, device: DemoDevice, at_ms: number): boolean {
  if (device.lease === undefined) return false;
  const asked = addressAt(story, site, device, at_ms - FOUND_AFTER_MS).address;
  return asked !== addressAt(story, site, device, at_ms).address;
}

/** When the modelled agent found a device at another address in [from_ms, to_ms). */
export function* foundIn(
  story: Story,
  site: DemoSite,
  device: DemoDevice,
  from_ms: number,
  to_ms: number,
): Generator<{ readonly at_ms: number; readonly address: string }> {
  if (device.lease === undefined) return;
  let at_ms = from_ms - FOUND_AFTER_MS;
  let was = addressAt(story, site, device, at_ms - 1).address;
  while (at_ms < to_ms - FOUND_AFTER_MS) {
    const { address, until_ms } = addressAt(story, site, device, at_ms);
    if (address !== null && address !== was) yield { at_ms: at_ms + FOUND_AFTER_MS, address };
    was = address;
    at_ms = until_ms;
  }
}
