import { signal } from '@preact/signals';

/**
 * The server tells what changed; the page then loads that part anew. A lost stream reconnects by
 * itself (EventSource) and replays what was missed.
 */

export type LinkState = 'connecting' | 'live' | 'lost';
export const link = signal<LinkState>('connecting');
/** Ticks once a second, so that ages move on. */
export const now_ms = signal(Date.now());

/** Loads after a change are at least this far apart, ms: a storm of changes is one load. */
const RELOAD_SPACING_MS = 1_500;
/** Even without a change, figures such as the strip move on, ms. */
const RELOAD_IDLE_MS = 30_000;

type Listener = (site: string | null) => void;
const listeners = new Set<Listener>();

export function startLive(): void {
  setInterval(() => {
    now_ms.value = Date.now();
  }, 1_000);
  const source = new EventSource('/api/v1/live');
  source.addEventListener('open', () => {
    link.value = 'live';
  });
  source.addEventListener('error', () => {
    link.value = 'lost';
  });
  source.addEventListener('changes', (message) => {
    const { events } = JSON.parse(message.data) as { events: readonly { site: string }[] };
    const sites = new Set(events.map((event) => event.site));
    for (const site of sites) for (const listener of listeners) listener(site);
  });
  source.addEventListener('reset', () => {
    for (const listener of listeners) listener(null);
  });
}

/** Calls `load` at once, after changes of `site` (null: of any), and now and then. */
export function keepFresh(site: string | null, load: () => void): () => void {
  let pending: ReturnType<typeof setTimeout> | undefined;
  const listener: Listener = (changed) => {
    if (site !== null && changed !== null && changed !== site) return;
    pending ??= setTimeout(() => {
      pending = undefined;
      load();
    }, RELOAD_SPACING_MS);
  };
  listeners.add(listener);
  const idle = setInterval(load, RELOAD_IDLE_MS);
  load();
  return () => {
    listeners.delete(listener);
    clearInterval(idle);
    clearTimeout(pending);
  };
}
