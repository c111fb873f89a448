import { ARP_CONCURRENCY, type ArpProber, foreignMacOf } from './arp.ts';
import { Gate } from './gate.ts';
import type { ProbeTarget } from './prober.ts';
import type { EngineClock } from './ticked-engine.ts';

/** A neighbour on the own subnet answers ARP within milliseconds; sleepy Wi-Fi takes longer. */
export const ARP_TIMEOUT_MS = 1000;
/** With less time left in the slot the request is not worth sending, ms. */
const ARP_LEFT_MS_MIN = 50;
/** The request must leave well inside the slot even if the clock offset is 1 ms off. */
const SLOT_MARGIN_MS = 20;

/** Asks by ARP, inside the slot of the tick, whether a silent host is there. Never rejects. */
export class ArpOnSilence {
  readonly #arp: ArpProber;
  readonly #clock: EngineClock;
  readonly #onForeignMac: ((index: number, mac: string) => void) | undefined;
  readonly #gate = new Gate(ARP_CONCURRENCY);

  constructor(
    arp: ArpProber,
    clock: EngineClock,
    onForeignMac?: (index: number, mac: string) => void,
  ) {
    this.#arp = arp;
    this.#clock = clock;
    this.#onForeignMac = onForeignMac;
  }

  /** `a` answered, `x` another machine answered, else `n`; also `n` when the slot is over. */
  async ask(target: ProbeTarget, sent_ms: number): Promise<'a' | 'n' | 'x'> {
    const offset_ms = this.#clock.wall_ms() - this.#clock.monotonic_ms();
    const slot = Math.floor((sent_ms + offset_ms) / target.interval_ms);
    const end_ms = (slot + 1) * target.interval_ms - offset_ms - SLOT_MARGIN_MS;
    try {
      return await this.#gate.run(async () => {
        const left_ms = Math.floor(Math.min(ARP_TIMEOUT_MS, end_ms - this.#clock.monotonic_ms()));
        if (left_ms < ARP_LEFT_MS_MIN) return 'n';
        const { address, mac } = target;
        const deadline = AbortSignal.timeout(left_ms);
        const outcome = await this.#arp.probe({ address, mac, timeout_ms: left_ms }, deadline);
        if (outcome.code === 'r') return 'a';
        const foreign = foreignMacOf(outcome.reason);
        if (foreign === null) return 'n';
        this.#onForeignMac?.(target.index, foreign);
        return 'x';
      });
    } catch {
      return 'n';
    }
  }
}
