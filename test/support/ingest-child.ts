/**
 * A collector core in a process of its own, to be killed: `ingest-child.ts DATA_DIR BATCHES`.
 * Eight agents send batches as fast as they can; a line is printed for each acknowledged one.
 */
import { writeSync } from 'node:fs';
import { signerFromSeed } from '../fixtures/test-keys.ts';
import { createTestAgent, signList } from './batches.ts';
import { enrolAgent, openCore, T0 } from './collector-core.ts';

const AGENTS = 8;
const [data_dir = '', batches = '1'] = process.argv.slice(2);
const core = await openCore({ data_dir });

async function run(number: number): Promise<void> {
  const site = `site-${number}`;
  const signer = signerFromSeed(new Uint8Array(32).fill(100 + number));
  const agent = createTestAgent({ site, agent: 'do-1', start_ms: T0, targets: 3, signer });
  const known = await core.store.agent(site, 'do-1');
  if (known === null) {
    await enrolAgent(core, agent);
  } else {
    agent.origin = core.ledger.checkpoint().origin;
    const enrolled = await core.store.targets(site, 'do-1');
    agent.list = { ...agent.list, log: agent.origin };
    agent.listHash = Buffer.from(
      enrolled?.hash ?? signList(agent, core.documentSigner).hash,
    ).toString('base64');
    agent.seq = known.seq;
    agent.prev = known.hash;
    agent.at_ms = T0 + known.seq * 60_000;
  }
  for (let sent = 0; sent < Number(batches); sent++) {
    const batch = agent.next();
    core.clock.now_ms = Math.max(core.clock.now_ms, batch.header.sealed_ms);
    const result = await core.ingest.submitBatch(batch.body, { insecure: false });
    if (result.kind !== 'accepted') throw new Error(`${site} ${batch.seq} ${result.code}`);
    const { leaf, checkpoint } = result;
    // Written at once: what the parent read was acknowledged, whatever happens next.
    writeSync(1, `${JSON.stringify({ site, seq: batch.seq, leaf, checkpoint })}\n`);
  }
}

await Promise.all(Array.from({ length: AGENTS }, (_, number) => run(number)));
await core.close();
