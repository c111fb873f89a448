/** The machine's own Chromium, kept to this machine. */

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
/** No updates, no sync, no QUIC. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why browser tests cannot run, or false. Throws in CI: there they must run. */
export function missingChromium(): string | false {
  const missing = !existsSync(CHROMIUM) && 'chromium is missing: apt-get install chromium';
  if (missing !== false && process.env['CI'] === 'true') throw new Error(missing);
  return missing;
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}
