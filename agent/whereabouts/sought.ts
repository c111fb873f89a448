import type { DeviceKind } from '../../shared/measure/codes.ts';
import type { PublicTarget, TargetRecord } from '../../shared/measure/targets.ts';

/** A device that stays silent this long at its address is looked for elsewhere, ms. */
export const MISSING_MS = 10_000;
/** Of a target that is asked seldom two ticks in a row must be silent. */
const MISSING_INTERVALS = 1.5;
/** First and longest pause between two sweeps for one device, ms. */
const SWEEP_AGAIN_MS = 30_000;
const SWEEP_AGAIN_MS_MAX = 300_000;
/** One event for each other MAC, and not more often than this for a table that flaps, ms. */
const CONFLICT_EVENT_MS = 60_000;

/** A span in which two machines answered for the address. */
interface Doubled {
  readonly from_ms: number;
  until_ms: number;
}

/** What the agent knows of one target that is known by its MAC or its name. */
export class Sought {
  readonly index: number;
  readonly key: string;
  readonly kind: DeviceKind;
  readonly mac: string | undefined;
  readonly hostname: string | undefined;
  /** Address of the list; a hint. */
  readonly hint: string | undefined;
  /** Where it is asked now. */
  address: string | undefined;
  /** Another MAC was seen at its address. */
  foreign: string | undefined;
  /** A question showed that another machine answers there, and it does not. */
  robbed = false;
  audit_ms = Number.NEGATIVE_INFINITY;
  resolve_ms = Number.NEGATIVE_INFINITY;
  #doubled: Doubled | undefined;
  #silent_ms: number | undefined;
  #interval_ms = 0;
  #sweep_ms = Number.NEGATIVE_INFINITY;
  #sweeps = 0;
  #told = { mac: '', at_ms: Number.NEGATIVE_INFINITY };

  constructor(
    facts: Pick<Sought, 'index' | 'key' | 'kind' | 'mac' | 'hostname' | 'hint' | 'address'>,
  ) {
    this.index = facts.index;
    this.key = facts.key;
    this.kind = facts.kind;
    this.mac = facts.mac;
    this.hostname = facts.hostname;
    this.hint = facts.hint;
    this.address = facts.address;
  }

  /** A verdict of any of its probes, for a tick sent at `sent_ms`. */
  heard(answered: boolean, sent_ms: number, interval_ms: number): void {
    this.#interval_ms = interval_ms;
    if (!answered) this.#silent_ms ??= sent_ms;
    else this.rest();
  }

  /** It is where it is thought to be. */
  rest(): void {
    this.#silent_ms = undefined;
    this.#sweeps = 0;
    this.#sweep_ms = Number.NEGATIVE_INFINITY;
  }

  /** It answers ARP where it is, and nothing else: no reason to look elsewhere, for a while. */
  here(): void {
    this.#silent_ms = undefined;
    this.alone();
  }

  /** Nobody else answers at its address. */
  alone(): void {
    this.foreign = undefined;
    this.robbed = false;
  }

  /** Its own MAC alone stands in the neighbour table. */
  ownSeen(): void {
    if (!this.doubledNow) this.alone();
  }

  /** Whether there is reason to look for it somewhere else. */
  missing(now_ms: number): boolean {
    if (this.address === undefined) return true;
    if (this.robbed) return true;
    const patience_ms = Math.max(MISSING_MS, this.#interval_ms * MISSING_INTERVALS);
    return this.#silent_ms !== undefined && now_ms - this.#silent_ms >= patience_ms;
  }

  sweepDue(now_ms: number): boolean {
    return now_ms >= this.#sweep_ms;
  }

  /** A sweep ended without it. */
  swept(now_ms: number): void {
    this.#sweep_ms = now_ms + Math.min(SWEEP_AGAIN_MS * 2 ** this.#sweeps, SWEEP_AGAIN_MS_MAX);
    this.#sweeps = Math.min(this.#sweeps + 1, 8);
  }

  get doubledNow(): boolean {
    return this.#doubled?.until_ms === Number.POSITIVE_INFINITY;
  }

  /** Whether two machines answered at some time of the span. */
  doubledIn(from_ms: number, to_ms: number): boolean {
    const span = this.#doubled;
    return span !== undefined && span.from_ms <= to_ms && span.until_ms >= from_ms;
  }

  /** Two machines answered a question; true if that is news. */
  double(asked_ms: number): boolean {
    if (this.doubledNow) return false;
    this.#doubled = { from_ms: asked_ms, until_ms: Number.POSITIVE_INFINITY };
    return true;
  }

  /** No longer, as a question just showed. */
  single(now_ms: number): void {
    if (this.#doubled !== undefined && this.doubledNow) this.#doubled.until_ms = now_ms;
  }

  /** Another MAC answered; true if it is worth an event. */
  conflict(mac: string, now_ms: number): boolean {
    this.foreign = mac;
    const again = this.#told.mac === mac && now_ms - this.#told.at_ms < CONFLICT_EVENT_MS;
    if (!again) this.#told = { mac, at_ms: now_ms };
    return !again;
  }

  /** It moved: what was said of its old address does not hold for the new one. */
  moveTo(address: string): void {
    this.address = address;
    this.alone();
    this.#doubled = undefined;
    this.audit_ms = Number.NEGATIVE_INFINITY;
    this.rest();
  }
}

/** What a target is known by, whatever its address; undefined where that is all there is. */
export function identityKey({ mac, hostname }: TargetRecord): string | undefined {
  return mac ?? hostname;
}

/** The targets of a list that are known by a MAC or a name. */
export function soughtOf(
  targets: readonly PublicTarget[],
  records: readonly TargetRecord[],
  addressOf: (record: TargetRecord) => string | undefined,
): Sought[] {
  return records.flatMap((record, index) => {
    const key = identityKey(record);
    const kind = targets[index]?.kind;
    if (key === undefined || kind === undefined) return [];
    const { mac, hostname, address: hint } = record;
    return [new Sought({ index, key, kind, mac, hostname, hint, address: addressOf(record) })];
  });
}
