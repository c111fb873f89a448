/** One look a second: the monitors of libraries wake 100 times and took 3 % of a fleet's CPU. */
const LOOK_MS = 1_000;

/** How late the process comes to its work. */
export interface LoopDelay {
  /** Delay of the newest look, ms; longer where the one now due is later still. */
  late_ms(): number;
  stop(): void;
}

/** Watches the event loop by a timer that should come once a second. `mono_ms` is monotonic. */
export function watchLoop(mono_ms: () => number): LoopDelay {
  let due_ms = mono_ms() + LOOK_MS;
  let late_ms = 0;
  const timer = setInterval(() => {
    const now_ms = mono_ms();
    late_ms = Math.max(0, now_ms - due_ms);
    due_ms = now_ms + LOOK_MS;
  }, LOOK_MS);
  timer.unref();
  return {
    late_ms: () => Math.max(late_ms, mono_ms() - due_ms),
    stop: () => clearInterval(timer),
  };
}
