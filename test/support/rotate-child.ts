/**
 * Rotates a key as a process of its own that dies before its n-th step on the disk:
 * `node rotate-child.ts STATE_DIR N`. Exit code 0: it came to its end before.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { rotateKey } from '../../agent/rotate-key.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';

const [state_dir = '', steps = ''] = process.argv.slice(2);
let left = Number(steps);

for (const name of ['openSync', 'writeSync', 'fsyncSync', 'renameSync'] as const) {
  const real = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      left -= 1;
      if (left === 0) process.kill(process.pid, 'SIGKILL');
      return real(...args);
    },
  });
}
syncBuiltinESMExports();
rotateKey(state_dir, { crypto: createNodeCrypto(), wall_ms: () => 1_790_000_000_000 });
