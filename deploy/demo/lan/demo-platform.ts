import type { Nic, Platform } from '../../../agent/platform/platform.ts';
import type { DemoSite } from '../sites.ts';
import { carrierAt, mainsAt } from '../story/scenario.ts';
import type { Story } from '../story/script.ts';

/** The card that the agent of a virtual office believes to have. */
export const DEMO_NIC = 'demo0';
/** As the real platform looks, ms. */
const CARRIER_POLL_MS = 250;
/** Frames that the agent's own card sees in a second. */
export const RX_FRAMES_PER_S = 46;
export const NIC_SPEED_MBPS = 1_000;

/**
 * The machine of one virtual office: clocks and everything else are this machine's, but cord and
 * mains are the script's, so that a loss of either goes the way it goes in a real office.
 * `clock` is UTC epoch ms.
 */
export function createDemoPlatform(
  linux: Platform,
  story: Story,
  site: DemoSite,
  clock: () => number,
): Platform {
  const began_ms = clock();
  let changes = 1;
  let before = true;
  const carrier = (): boolean => {
    const { on } = carrierAt(story, site, clock());
    if (on !== before) changes += 1;
    before = on;
    return on;
  };
  const nic = (): Nic => {
    const on = carrier();
    return {
      name: DEMO_NIC,
      cidrs: [],
      mac: null,
      speed_mbps: on ? NIC_SPEED_MBPS : null,
      duplex: on ? 'full' : null,
      carrier: on,
      carrier_changes: changes,
      rx_packets: Math.floor(((clock() - began_ms) / 1_000) * RX_FRAMES_PER_S),
    };
  };
  return {
    ...linux,
    nics: () => [nic()],
    defaultNic: () => DEMO_NIC,
    onAcLine: () => (site.agent_has_ups ? mainsAt(story, site, clock()).on : null),
    onLink: () => null,
    carrier: () => nic(),
    watchCarrier: (_nic, changed, signal) => {
      let last: boolean | undefined;
      const look = () => {
        const now = carrier();
        if (now !== last) changed(now);
        last = now;
      };
      if (signal.aborted) return;
      look();
      const timer = setInterval(look, CARRIER_POLL_MS);
      signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    },
  };
}
