import { type CarryContext, deviceCarry } from '../site/device-carry.ts';
import type { DeviceCarry } from '../site/material.ts';
import { Plans } from '../site/topology.ts';
import { beforeOf, materialOf, WARM_MS, warmOf } from './material.ts';
import type { JudgedWindow, SiteCarry, WindowAsk } from './types.ts';

/** How the devices stood WARM_MS before the cut, from the window that holds the cut. */
export function carryAt(ask: WindowAsk, at_ms: number, judged: JudgedWindow): SiteCarry {
  const warm_ms = Math.max(at_ms - WARM_MS, warmOf(ask));
  const { site, slots } = materialOf(ask);
  const incidents = new Map(judged.incidents.map((one) => [one.id, one]));
  const plan = new Plans(site.versions).at(warm_ms);
  const context: CarryContext = { site, judged, at_ms: warm_ms, plan, incidents };
  const devices: Record<string, DeviceCarry> = {};
  for (const material of site.devices) {
    const last_ms = material.base.at(-1)?.to_ms ?? Number.POSITIVE_INFINITY;
    if (last_ms <= warm_ms) continue;
    const known = slots.get(material.device);
    devices[material.device] = deviceCarry(material, context, (silent_ms) =>
      known === undefined ? null : beforeOf(silent_ms, known, material.carry, site.from_ms),
    );
  }
  const used = new Set(
    Object.values(devices).flatMap(({ incident, troubles }) => [
      ...(incident === null ? [] : [incident.id]),
      ...(troubles ?? []).map((trouble) => trouble.incident.id),
    ]),
  );
  return {
    at_ms,
    warm_ms,
    devices,
    incidents: judged.incidents.filter(({ id }) => used.has(id)),
  };
}
