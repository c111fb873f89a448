import { setTimeout as timer } from 'node:timers/promises';
import { enrol } from '../../agent/enrol/enrol.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { type Command, EXIT_FAILED, EXIT_OK, readArguments } from './command.ts';
import { stopSignal } from './stop-signal.ts';
import { softwareVersion } from './version.ts';

const OPTIONS = {
  collector: { type: 'string' },
  token: { type: 'string' },
  state: { type: 'string' },
  proxy: { type: 'string' },
  insecure: { type: 'boolean' },
} as const;

export const enrolCommand: Command = {
  summary: 'introduce this machine as an agent, with a token',
  usage: `lanproof enrol --collector URL --token T --state DIR [--insecure] [--proxy URL]
  Makes the agent's key in DIR, shows the token to the collector, pins the collector's keys and
  waits until a person approved or refused the key (compare the short code), also while the line
  or the collector is away for a time. After Ctrl-C the same command continues.

  --collector URL   https://host or https://host:port
  --token T         from \`lanproof token create --site CODE\`; or LANPROOF_ENROL_TOKEN
  --state DIR       the state_dir of agent.yml
  --proxy URL       http://host:port, if the way out leads through a proxy
  --insecure        allow plain http beyond this machine; it is shown on the dashboard`,
  async run(args, io) {
    const parsed = readArguments(args, OPTIONS);
    const proxy = parsed.text('proxy');
    const state_dir = parsed.required('state');
    const wanted = {
      collector: parsed.required('collector'),
      token: parsed.text('token') ?? io.env.LANPROOF_ENROL_TOKEN ?? parsed.required('token'),
      state_dir,
      insecure: parsed.flag('insecure'),
      software: softwareVersion(),
      ...(proxy === undefined ? {} : { proxy }),
    };
    const stop = stopSignal();
    try {
      const identity = await enrol(wanted, {
        crypto: createNodeCrypto(),
        monotonic_ms: () => performance.now(),
        random: Math.random,
        signal: stop.signal,
        sleep: async (ms) => timer(ms, undefined, { signal: stop.signal }),
        say: (line) => io.err(line),
      });
      const { agent, site, epoch } = identity;
      io.out(`enrolled as agent ${agent} of site ${site}, epoch ${epoch}`);
      io.err(`next: lanproof agent --config agent.yml (with state_dir: ${state_dir})`);
      return EXIT_OK;
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      io.err('stopped; the same command continues the enrolment');
      return EXIT_FAILED;
    } finally {
      stop.release();
    }
  },
};
