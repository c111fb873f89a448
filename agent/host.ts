import type { HostPart } from '../shared/measure/batch.ts';
import type { Platform } from './platform/platform.ts';

/** The interface towards the LAN: that of the default route, else the first with a carrier. */
export function ownNic(platform: Platform): string | null {
  const named = platform.defaultNic();
  if (named !== null) return named;
  const wired = platform
    .nics()
    .filter(({ carrier, cidrs }) => carrier !== null && cidrs.length > 0);
  return (wired.find(({ carrier }) => carrier === true) ?? wired[0])?.name ?? null;
}

/** Facts of the own host; counters are differences since the facts before. */
export class HostFacts {
  readonly #platform: Platform;
  readonly #nic: string | null;
  #rx_packets: number | null = null;

  constructor(platform: Platform, nic: string | null) {
    this.#platform = platform;
    this.#nic = nic;
  }

  read(): HostPart {
    const nic = this.#platform.nics().find(({ name }) => name === this.#nic);
    const rx = nic?.rx_packets ?? null;
    const before = this.#rx_packets;
    this.#rx_packets = rx;
    return {
      carrier: nic?.carrier ?? null,
      carrier_changes: nic?.carrier_changes ?? null,
      speed_mbps: nic?.speed_mbps ?? null,
      duplex: nic?.duplex ?? null,
      // A counter that fell was reset with its interface; the difference would be invented.
      rx_frames: rx === null || before === null || rx < before ? null : rx - before,
      ac_line: this.#platform.onAcLine(),
    };
  }
}
