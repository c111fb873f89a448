/**
 * An honest answer is there long before; a request that waits longer for another session's
 * request to the same device goes ahead: what is still unanswered then is most likely lost.
 */
export const GATE_PATIENCE_MS = 400;

/** Lets one request at a time through to a device, whoever asks. */
export class DeviceGate {
  #busy = false;
  readonly #waiting: (() => void)[] = [];

  /** True: the device was free and is now the caller's until `leave`. */
  take(): boolean {
    if (this.#busy) return false;
    this.#busy = true;
    return true;
  }

  /**
   * Resolves when the device is the caller's, after GATE_PATIENCE_MS at the latest or when the
   * signal aborts. Call `leave` once for it.
   */
  async enter(signal: AbortSignal): Promise<void> {
    if (this.#busy && !signal.aborted) await this.#turn(signal);
    this.#busy = true;
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#busy = false;
    else next();
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', impatient);
        resolve();
      };
      const impatient = (): void => {
        const at = this.#waiting.indexOf(go);
        if (at !== -1) this.#waiting.splice(at, 1);
        go();
      };
      const timer = setTimeout(impatient, GATE_PATIENCE_MS);
      signal.addEventListener('abort', impatient, { once: true });
      this.#waiting.push(go);
    });
  }
}

/** Sessions open in this process, by device: reachability and polls have one each. */
const gates = new Map<string, { readonly gate: DeviceGate; users: number }>();

/** The gate of a device. Give it back once with `release`. */
export function shareGate(
  address: string,
  port: number,
): { readonly gate: DeviceGate; release(): void } {
  const key = `${address} ${port}`;
  const shared = gates.get(key) ?? { gate: new DeviceGate(), users: 0 };
  gates.set(key, shared);
  shared.users++;
  let held = true;
  return {
    gate: shared.gate,
    release: () => {
      if (!held) return;
      held = false;
      shared.users--;
      if (shared.users === 0) gates.delete(key);
    },
  };
}
