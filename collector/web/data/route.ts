import { signal } from '@preact/signals';

/** The page's address: `/` or `/sites/CODE`. Back and forward work; links are plain links. */
export const path = signal(location.pathname);

export function startRouting(): void {
  addEventListener('popstate', () => {
    path.value = location.pathname;
  });
  document.addEventListener('click', (event) => {
    const link = (event.target as Element | null)?.closest?.('a');
    if (link === null || link === undefined || link.origin !== location.origin) return;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.hasAttribute('data-plain')) return;
    event.preventDefault();
    history.pushState(null, '', link.href);
    path.value = location.pathname;
    scrollTo(0, 0);
  });
}
