import type { Seeker } from '../probe/seek.ts';
import type { Sought } from './sought.ts';
import { isWithin } from './sweep-range.ts';

/** Each address with a MAC is asked this often who else answers there, ms. */
const AUDIT_MS = 300_000;
/** And this often while another machine answers, ms. */
const AUDIT_CONFLICT_MS = 10_000;
/** Each question is a process of its own. */
const AT_ONCE = 4;

export type IdentityEvent = 'mac_conflict' | 'address_moved' | 'address_duplicate';

/** What a person can do about each. */
export const IDENTITY_HINTS: Readonly<Record<IdentityEvent, string>> = {
  mac_conflict: 'another machine has the address of this device: give each its own, best by DHCP',
  address_moved: 'the device is measured where it is now; correct `address:` in the inventory',
  address_duplicate: 'two machines have one address: look for the one that was given it by hand',
};

export interface MacAuditDeps {
  readonly monotonic_ms: () => number;
  readonly seeker: Seeker;
  /** Whether this agent may ask the address at all: a list may name others. */
  readonly permits: (address: string) => boolean;
  readonly onEvent: (code: IdentityEvent, target: number) => void;
}

/** Asks by ARP who answers at the addresses of targets with a MAC: one, another, or two. */
export class MacAudit {
  readonly #deps: MacAuditDeps;

  constructor(deps: MacAuditDeps) {
    this.#deps = deps;
  }

  /** Spreads the first questions over the period. */
  spread(targets: readonly Sought[]): void {
    const now_ms = this.#deps.monotonic_ms();
    for (const [place, one] of targets.entries()) {
      one.audit_ms = now_ms - AUDIT_MS * (1 - (place + 1) / targets.length);
    }
  }

  /** Asks what is due. */
  async step(targets: readonly Sought[], signal: AbortSignal): Promise<void> {
    const now_ms = this.#deps.monotonic_ms();
    const due = targets.filter(({ mac, address, foreign, audit_ms }) => {
      const pause_ms = foreign === undefined ? AUDIT_MS : AUDIT_CONFLICT_MS;
      return mac !== undefined && address !== undefined && now_ms - audit_ms >= pause_ms;
    });
    const first = due.toSorted((a, b) => a.audit_ms - b.audit_ms).slice(0, AT_ONCE);
    await Promise.all(first.map((one) => this.#ask(one, signal)));
  }

  async #ask(one: Sought, signal: AbortSignal): Promise<void> {
    const { seeker, permits, monotonic_ms, onEvent } = this.#deps;
    const { address, mac } = one;
    if (address === undefined || mac === undefined) return;
    const asked_ms = monotonic_ms();
    one.audit_ms = asked_ms;
    if (!permits(address) || !isWithin(address, seeker.networks([address]))) return;
    const macs = await seeker.macsAt(address, signal);
    if (macs === null || one.address !== address || signal.aborted) return;
    const other = macs.find((heard) => heard !== mac);
    if (macs.includes(mac) && other !== undefined) {
      one.foreign = other;
      one.robbed = false;
      if (one.double(asked_ms)) onEvent('address_duplicate', one.index);
      return;
    }
    one.single(monotonic_ms());
    if (other !== undefined) {
      one.robbed = true;
      if (one.conflict(other, monotonic_ms())) onEvent('mac_conflict', one.index);
    } else if (macs.includes(mac)) one.here();
    else one.alone();
  }
}
