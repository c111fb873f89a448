import { type Command, EXIT_FAILED, readArguments, usage } from './command.ts';
import { dataDir } from './data-dir.ts';
import { checkAll } from './rebuild/check-all.ts';
import { rebuildAll } from './rebuild/rebuild-all.ts';
import { stopSignal } from './stop-signal.ts';

export const rebuildCommand: Command = {
  summary: 'compute all judgement again from the ledger, or check that it is the same',
  usage: `lanproof rebuild [--check [--history]] [--data DIR] [--site CODE]
  Drops states, days and incidents of each site and computes them again from the ledger. The
  history that charts are drawn from is no judgement: it is dropped, too, and the collector makes
  it again while it runs. The collector must be stopped; a rebuild that is broken off is finished
  by the next one, or by the collector's start. What was measured is never touched.

  --check           changes nothing: judges again in a temporary folder and compares. May run
                    beside the collector. Every difference is named with both values
  --history         with --check: makes the kept history of charts again, too, and compares it;
                    takes several times as long
  --data DIR        the collector's data directory
  --config FILE     or its configuration; without both: ./data
  --site CODE       only this site

  Exit codes: 0 done, or nothing differs; 1 something differs or failed; 2 used wrongly`,
  async run(args, io) {
    const parsed = readArguments(args, {
      check: { type: 'boolean' },
      history: { type: 'boolean' },
      data: { type: 'string' },
      config: { type: 'string' },
      site: { type: 'string' },
    });
    const data_dir = dataDir(parsed);
    const [check, history] = [parsed.flag('check'), parsed.flag('history')];
    if (history && !check) throw usage('--history is for --check', 'the collector makes history');
    const stop = stopSignal();
    const { signal } = stop;
    try {
      const task = { data_dir, site: parsed.text('site'), io, signal, now_ms: () => Date.now() };
      return await (check ? checkAll({ ...task, history }) : rebuildAll(task));
    } catch (error) {
      if (!signal.aborted) throw error;
      io.err('stopped before the end');
      return EXIT_FAILED;
    } finally {
      stop.release();
    }
  },
};
