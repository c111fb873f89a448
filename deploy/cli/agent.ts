import { loadAgentConfig } from '../../agent/config.ts';
import { exitCodeOf, runAgent } from '../../agent/main.ts';
import { describeError } from '../../shared/errors.ts';
import { type Command, EXIT_OK, readArguments } from './command.ts';
import { stopSignal } from './stop-signal.ts';
import { systemError } from './system-error.ts';
import { softwareVersion } from './version.ts';

export const agentCommand: Command = {
  summary: 'run the agent on a LAN',
  usage: `lanproof agent --config agent.yml
  Runs the agent: probes, signs, keeps and delivers what it measured. Enrol it first with
  \`lanproof enrol\`. SIGTERM and Ctrl-C seal what was measured and stop.

  --config FILE     see deploy/examples/agent.yml; lanproof config schema agent

  Exit codes: 0 stopped, 1 configuration, 2 not enrolled or wrong use, 3 try again (disk, port)`,
  async run(args, io) {
    const file = readArguments(args, { config: { type: 'string' } }).required('config');
    const stop = stopSignal();
    try {
      const config = loadAgentConfig(file, io.env);
      await runAgent({ config, software: softwareVersion(), signal: stop.signal });
      return EXIT_OK;
    } catch (error) {
      io.err(describeError(systemError(error) ?? error));
      return exitCodeOf(error);
    } finally {
      stop.release();
    }
  },
};
