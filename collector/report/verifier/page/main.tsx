/** One program for the page and for its worker: the page hands its own text to the worker. */
import { render } from 'preact';
import { serveVerifier } from '../worker.ts';
import { App } from './app.tsx';

if (typeof document === 'undefined') {
  serveVerifier(globalThis);
} else {
  const script = document.currentScript?.textContent ?? '';
  const root = document.getElementById('app');
  if (root !== null) {
    root.textContent = '';
    render(<App script={script} />, root);
  }
}
