import { toHex } from '../../shared/bytes.ts';
import { sealNext, spoolIn } from './agent-kit.ts';

// Seals batches until it is killed; a line on standard output says that one is on disk.
const [, , dir = ''] = process.argv;
const spool = spoolIn(dir, { epoch: 1, seq: 0, hash: new Uint8Array(32) });
for (;;) {
  const batch = sealNext(spool.head, 3_000);
  if (!spool.put(batch)) continue;
  process.stdout.write(`${batch.seq} ${toHex(batch.hash)}\n`);
  await new Promise((resolve) => setImmediate(resolve));
}
