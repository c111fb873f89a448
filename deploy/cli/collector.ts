import { type CollectorConfig, loadCollectorConfig } from '../../collector/config.ts';
import { defaultConfig } from '../../collector/default-config.ts';
import { runCollector } from '../../collector/main.ts';
import { type Command, EXIT_OK, readArguments } from './command.ts';
import { stopSignal } from './stop-signal.ts';
import { softwareVersion } from './version.ts';

export const collectorCommand: Command = {
  summary: 'run the collector',
  usage: `lanproof collector [--config collector.yml]
  Runs the collector with its embedded store until Ctrl-C or SIGTERM.
  Without --config: data in ./data, listening on 127.0.0.1:8080.
  The first run prints a one-time sign-in link; log lines are JSON on standard output.

  --config FILE     see deploy/examples/collector.yml; lanproof config schema collector`,
  async run(args, io) {
    const file = readArguments(args, { config: { type: 'string' } }).text('config');
    const config: CollectorConfig =
      file === undefined ? defaultConfig() : loadCollectorConfig(file);
    const stop = stopSignal();
    try {
      await runCollector({
        config,
        software: softwareVersion(),
        signal: stop.signal,
        say: (line) => io.out(line),
      });
    } finally {
      stop.release();
    }
    return EXIT_OK;
  },
};
