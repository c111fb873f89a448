const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/**
 * One Ctrl-C may come twice: from the terminal, and from what runs us (`node --watch`, npm), which
 * passes its own on at once. A person needs longer than this for a second press, ms.
 */
const SAME_PRESS_MS = 300;

/**
 * Aborts at the first Ctrl-C, SIGTERM or closed terminal. A second one ends the process at once,
 * for the person who does not want to wait for an orderly end. `mono_ms` is a monotonic clock.
 */
export function stopSignal(mono_ms: () => number = () => performance.now()): {
  readonly signal: AbortSignal;
  release(): void;
} {
  const controller = new AbortController();
  let first_ms = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      first_ms = mono_ms();
      controller.abort();
      return;
    }
    if (mono_ms() - first_ms < SAME_PRESS_MS) return;
    for (const name of SIGNALS) process.off(name, onSignal);
    process.kill(process.pid, signal);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    release() {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
