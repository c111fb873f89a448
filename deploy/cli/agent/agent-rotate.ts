import { loadAgentConfig } from '../../../agent/config.ts';
import { rotateKey } from '../../../agent/rotate-key.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { type Command, EXIT_OK, readArguments } from '../command.ts';
import { STATE_DIR_DEFAULT } from './agent-status.ts';

export const agentRotateCommand: Command = {
  summary: 'give the agent of this machine a new key',
  usage: `lanproof agent rotate-key [--config agent.yml | --state DIR]
  Makes a new key and a statement signed by the old and the new one. The agent must be stopped and
  everything it measured delivered. Start it again afterwards: it shows the statement to the
  collector before its next batch; from then on the old key is refused. The chain goes on in its
  epoch. Broken off anywhere, the old key or the new one is in force, and the command may be
  repeated. A key that somebody may have copied is not rotated but revoked (lanproof agent revoke).

  --config FILE     agent.yml, for its state_dir
  --state DIR       the folder itself; default ${STATE_DIR_DEFAULT}

  Exit codes: 0 there is a new key, 1 nothing was changed, 2 used wrongly`,
  async run(args, io) {
    const options = { config: { type: 'string' }, state: { type: 'string' } } as const;
    const parsed = readArguments(args, options);
    const config = parsed.text('config');
    const state_dir =
      parsed.text('state') ??
      (config === undefined ? STATE_DIR_DEFAULT : loadAgentConfig(config, io.env).state_dir);
    const deps = { crypto: createNodeCrypto(), wall_ms: () => Date.now() };
    const { old_code, new_code, after_seq } = rotateKey(state_dir, deps);
    io.out(
      `new short code ${new_code}, before ${old_code}; it signs from batch ${after_seq + 1} on`,
    );
    io.err('next: start the agent; it tells the collector by itself');
    return EXIT_OK;
  },
};
