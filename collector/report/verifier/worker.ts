/** The worker's side: verifies one file, so that the page stays alive meanwhile. */
import { describeError } from '../../../shared/errors.ts';
import type { Step, Verdict } from '../../../shared/evidence/verify/types.ts';
import { type Given, runInBrowser } from './run-in-browser.ts';

/** Between two messages about progress, ms: a bar needs no more. */
const TELL_EVERY_MS = 100;

export type WorkerSays =
  | { readonly kind: 'ready' }
  | { readonly kind: 'step'; readonly step: Step }
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  | { readonly kind: 'error'; readonly text: string };

/** What of a worker's global scope is used here. */
interface Scope {
  postMessage(message: WorkerSays): void;
  onmessage: ((event: MessageEvent<Given>) => void) | null;
}

/** Serves the page that started this worker. */
export function serveVerifier(scope: Scope): void {
  scope.onmessage = ({ data }) => {
    void verify(data, scope);
  };
  scope.postMessage({ kind: 'ready' });
}

async function verify(given: Given, scope: Scope): Promise<void> {
  let told_ms = 0;
  let told = '';
  const onProgress = (step: Step): void => {
    const now_ms = performance.now();
    if (step.check === told && now_ms - told_ms < TELL_EVERY_MS) return;
    told_ms = now_ms;
    told = step.check;
    scope.postMessage({ kind: 'step', step });
  };
  try {
    // Nothing else waits for this thread.
    const verdict = await runInBrowser(given, onProgress, async () => {});
    scope.postMessage({ kind: 'verdict', verdict });
  } catch (error) {
    scope.postMessage({ kind: 'error', text: describeError(error) });
  }
}
