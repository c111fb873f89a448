import { loadAgentConfig } from '../../../agent/config.ts';
import { acknowledgeAlarms } from '../../../agent/deliver/alarms.ts';
import { type Identity, loadIdentity } from '../../../agent/identity.ts';
import { createLinuxPlatform } from '../../../agent/platform/linux.ts';
import { fateOf } from '../../../agent/platform/linux-process.ts';
import { readStatus } from '../../../agent/status/status.ts';
import { shortCode } from '../../../shared/evidence/keys.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { type Command, EXIT_FAILED, EXIT_OK, readArguments } from '../command.ts';
import { alarmsOf } from './agent-status-alarms.ts';
import { assess, type StatusNow } from './agent-status-judge.ts';
import { statusLines } from './agent-status-text.ts';

/** Where agent.yml puts the state unless it says otherwise. */
export const STATE_DIR_DEFAULT = '/var/lib/lanproof-agent';

export const agentStatusCommand: Command = {
  summary: 'how the agent on this machine is doing',
  usage: `lanproof agent status [--config agent.yml | --state DIR] [--json] [--acknowledge]
  Reads the agent's state directory: who it is, what it measures and what it refuses and why, what
  waits for the collector, when it last delivered and proved, how its clock is, what went wrong
  last. It asks nobody over the network, and works while the agent runs and when it is stopped.
  Run it as root or as the user of the agent.

  --config FILE     agent.yml, for its state_dir
  --state DIR       the folder itself; default ${STATE_DIR_DEFAULT}
  --json            one JSON object: \`good\`, \`troubles\`, and everything that is known
  --acknowledge     a person has seen that the collector shows another history than before: the
                    alarm ends, the files that prove it stay in \`alarms\`

  In the first 30 s of an agent what still has to come is called starting and needs nobody.

  Exit codes: 0 all is good or starting, 1 something needs a person, 2 used wrongly`,
  async run(args, io) {
    const parsed = readArguments(args, {
      config: { type: 'string' },
      state: { type: 'string' },
      json: { type: 'boolean' },
      acknowledge: { type: 'boolean' },
    });
    const config = parsed.text('config');
    const state_dir =
      parsed.text('state') ??
      (config === undefined ? STATE_DIR_DEFAULT : loadAgentConfig(config, io.env).state_dir);
    const crypto = createNodeCrypto();
    const identity = loadIdentity(state_dir, crypto);
    const acknowledged = parsed.flag('acknowledge') ? acknowledgeAlarms(state_dir) : [];
    for (const file of acknowledged) io.err(`acknowledged; keep it for the auditor: ${file}`);
    const platform = createLinuxPlatform();
    const status = readStatus(state_dir);
    const now: StatusNow = {
      status,
      wall_ms: platform.wall_ms(),
      monotonic_ms: platform.monotonic_ms(),
      boot: platform.bootId(),
      kernel: await platform.clockSync(),
      fate: status === undefined ? 'gone' : fateOf(status.pid, status.process ?? null),
    };
    const assessed = assess(now);
    const { alarms, found } = alarmsOf(state_dir);
    const troubles = [...found, ...assessed.troubles];
    const assessment = { ...assessed, troubles };
    const who = whoIs(identity, shortCode(crypto, identity.signer.publicKey));
    if (parsed.flag('json')) {
      const good = troubles.length === 0;
      const { kernel } = now;
      const told = { v: 1, good, ...assessment, alarms, who, kernel, status: status ?? null };
      io.out(JSON.stringify(told, null, 2));
    } else {
      for (const line of statusLines(who, now, assessment)) io.out(line);
    }
    return troubles.length === 0 ? EXIT_OK : EXIT_FAILED;
  },
};

/** What stands in the enrolment, without keys. */
export interface Who {
  readonly site: string;
  readonly agent: string;
  readonly epoch: number;
  readonly log: string;
  readonly enrolled_ms: number;
  readonly short_code: string;
}

function whoIs(identity: Identity, short_code: string): Who {
  const { site, agent, epoch, log, issued_ms } = identity;
  return { site, agent, epoch, log, enrolled_ms: issued_ms, short_code };
}
