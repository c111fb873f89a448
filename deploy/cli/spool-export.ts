import { setTimeout as timer } from 'node:timers/promises';
import { loadAgentConfig } from '../../agent/config.ts';
import { exportSpool } from '../../agent/spool/export.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { STATE_DIR_DEFAULT } from './agent/agent-status.ts';
import { type Command, EXIT_FAILED, EXIT_OK, readArguments, usage } from './command.ts';
import { counted } from './counted.ts';
import { progressLines } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

const OPTIONS = {
  state: { type: 'string' },
  config: { type: 'string' },
  all: { type: 'boolean' },
  force: { type: 'boolean' },
} as const;

export const spoolExportCommand: Command = {
  summary: 'write what waits for the collector into a file, for a USB stick',
  usage: `lanproof spool export FILE [--state DIR | --config agent.yml] [--all] [--force]
  For an agent whose line to the collector is gone for weeks. The agent may run on: its spool is
  only read, and what it later delivers once more counts as delivered. FILE is not secret from
  whoever may see the measurements; it holds addresses and names as batches do, and no key. Room
  for about twice its size is needed beside FILE. Run it as root or as the user of the agent.

  --all             also what the collector acknowledged, as far as it is kept (30 days)
  --force           write over FILE if it exists: it may be of another commune
  --state DIR       the agent's state directory; default ${STATE_DIR_DEFAULT}
  --config FILE     or agent.yml, for its state_dir

  Exit codes: 0 done, 1 failed, 2 used wrongly`,
  async run(args, io) {
    const parsed = readArguments(args, OPTIONS, ['FILE']);
    const [file = ''] = parsed.words;
    if (file === '') throw usage('FILE is empty');
    const config = parsed.text('config');
    const state_dir =
      parsed.text('state') ??
      (config === undefined ? STATE_DIR_DEFAULT : loadAgentConfig(config, io.env).state_dir);
    const stop = stopSignal();
    const { signal } = stop;
    try {
      const { identity, first_seq, last_seq, batches, holes } = await exportSpool({
        ...{ state_dir, file, signal, crypto: createNodeCrypto() },
        ...{ all: parsed.flag('all'), force: parsed.flag('force') },
        now_ms: () => Date.now(),
        wait: async (ms) => void (await timer(ms, undefined, { signal })),
        onBatch: progressLines(io, (seq: number, last: number) => `batch ${seq} of ${last}`),
      });
      const { site, agent, epoch } = identity;
      const gaps = holes === 0 ? '' : `, ${counted(holes, 'hole')}`;
      const what = first_seq === null ? 'nothing waits' : `from ${first_seq} to ${last_seq}`;
      const head = `${site}/${agent} epoch ${epoch}`;
      io.out(`${head}: ${counted(batches, 'batch', 'batches')}${gaps}, ${what}: ${file}`);
      return EXIT_OK;
    } catch (error) {
      if (!signal.aborted) throw error;
      io.err('stopped before the end; no file was written');
      return EXIT_FAILED;
    } finally {
      stop.release();
    }
  },
};
