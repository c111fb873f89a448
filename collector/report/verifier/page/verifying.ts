/** The page's side: starts the worker, or does the work itself where none can be started. */
import type { Step, Verdict } from '../../../../shared/evidence/verify/types.ts';
import { type Given, runInBrowser } from '../run-in-browser.ts';
import type { WorkerSays } from '../worker.ts';

/** So long the page works before it draws and listens again, ms. */
const WORK_MS = 40;
/** A worker that cannot start says so at once; some browsers say nothing at all, ms. */
const WORKER_START_MS = 5_000;

export interface Verifying {
  /** Rejects with an Error that a person can read. */
  readonly verdict: Promise<Verdict>;
  stop(): void;
}

/** `script` is this page's own program; the same text is the worker's. */
export function startVerifying(
  script: string,
  given: Given,
  onStep: (step: Step) => void,
): Verifying {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  let worker: Worker | null = null;
  let stopped = false;
  const end = (): void => {
    stopped = true;
    worker?.terminate();
    URL.revokeObjectURL(url);
  };
  const here = (): Promise<Verdict> =>
    runInBrowser(
      given,
      onStep,
      breathing(() => stopped),
    );
  try {
    worker = new Worker(url);
  } catch {
    // Some browsers forbid workers to pages that were opened from disk.
  }
  const verdict = worker === null ? here() : inWorker(worker, given, onStep, here);
  return { verdict: verdict.finally(end), stop: end };
}

/** Falls back to `here` as long as the worker has not answered that it runs. */
function inWorker(
  worker: Worker,
  given: Given,
  onStep: (step: Step) => void,
  here: () => Promise<Verdict>,
): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    let runs = false;
    const fallBack = (): void => {
      clearTimeout(timer);
      worker.terminate();
      here().then(resolve, reject);
    };
    const timer = setTimeout(fallBack, WORKER_START_MS);
    worker.onerror = (event) => {
      event.preventDefault();
      if (runs) reject(new Error(event.message));
      else fallBack();
    };
    worker.onmessage = ({ data }: MessageEvent<WorkerSays>) => {
      if (data.kind === 'ready') {
        clearTimeout(timer);
        runs = true;
        worker.postMessage(given);
      } else if (data.kind === 'step') onStep(data.step);
      else if (data.kind === 'verdict') resolve(data.verdict);
      else reject(new Error(data.text));
    };
  });
}

/** Lets the page draw now and then. What was stopped never goes on: nobody waits for it. */
function breathing(isStopped: () => boolean): () => Promise<void> {
  let since_ms = performance.now();
  return async () => {
    if (performance.now() - since_ms < WORK_MS) return;
    await new Promise((resolve) => setTimeout(resolve));
    if (isStopped()) await new Promise(() => {});
    since_ms = performance.now();
  };
}
