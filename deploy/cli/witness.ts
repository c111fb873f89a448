import { once } from 'node:events';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openWitness } from '../../collector/ledger/witness/open-witness.ts';
import { createWitnessServer } from '../../collector/ledger/witness/server.ts';
import { createWitness } from '../../collector/ledger/witness/witness.ts';
import { type DataLock, lockDataDir } from '../../collector/store/sqlite/data-lock.ts';
import { LanProofError } from '../../shared/errors.ts';
import { parseVerifierKey } from '../../shared/evidence/note.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { LISTEN_PATTERN, splitListen } from '../../shared/node/host-port.ts';
import { type Command, EXIT_OK, readArguments, usage } from './command.ts';
import { stopSignal } from './stop-signal.ts';

const OPTIONS = {
  listen: { type: 'string' },
  state: { type: 'string' },
  name: { type: 'string' },
  log: { type: 'string', multiple: true },
} as const;

export const witnessCommand: Command = {
  summary: 'sign checkpoints of other logs that continue what was signed before',
  usage: `lanproof witness --listen HOST:PORT --state DIR --log KEY [--log KEY …]
  Runs a C2SP tlog-witness: it keeps the newest checkpoint of each log and signs only what is
  proved to continue it. Run it where the log's owner has no access; it needs 1 kB a log.
  The first run makes its key in DIR and prints the verifier key that goes into collector.yml.

  --listen HOST:PORT   e.g. 127.0.0.1:8090 behind a proxy that does TLS
  --state DIR          key and checkpoints; never put back from an older copy
  --log KEY            verifier key of a log: it stands on the printed checkpoint
  --name NAME          name in signatures, at the first run only`,
  async run(args, io) {
    const read = readArguments(args, OPTIONS);
    const listen = read.required('listen');
    if (!new RegExp(LISTEN_PATTERN).test(listen)) throw usage('--listen is not HOST:PORT');
    const folder = resolve(read.required('state'));
    const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true });
    const crypto = createNodeCrypto();
    const logs = (values.log ?? []).map((key) => parseVerifierKey(crypto, key));
    if (logs.length === 0) throw usage('--log is missing', 'give the verifier key of the log');
    const lock = lockState(folder);
    const stop = stopSignal();
    try {
      const { name, signer, verifier_key, state } = openWitness(folder, crypto, read.text('name'));
      const now_ms = () => Date.now();
      const answer = createWitness({ crypto, name, signer, logs, state, now_ms });
      const server = createWitnessServer({ answer, log: (line) => io.err(line) });
      const { host, port } = splitListen(listen);
      server.listen(port, host);
      await Promise.race([once(server, 'listening'), failure(once(server, 'error'), listen)]);
      const address = server.address();
      const used = typeof address === 'object' && address !== null ? address.port : port;
      io.out(`listening on ${host.includes(':') ? `[${host}]` : host}:${used}`);
      io.out(verifier_key);
      if (!stop.signal.aborted) await once(stop.signal, 'abort');
      server.closeAllConnections();
      server.close();
    } finally {
      stop.release();
      lock.release();
    }
    return EXIT_OK;
  },
};

/** Two witnesses over one folder could sign two histories. */
function lockState(folder: string): DataLock {
  try {
    return lockDataDir(folder);
  } catch (cause) {
    if (!(cause instanceof LanProofError) || cause.code !== 'DATA_DIR_IN_USE') throw cause;
    throw new LanProofError('WITNESS_IN_USE', 'another witness works in this folder', {
      hint: 'stop it first, or give this one its own --state',
      place: folder,
      cause,
    });
  }
}

async function failure(error: Promise<unknown[]>, listen: string): Promise<never> {
  const [cause] = await error;
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  throw new LanProofError('LISTEN_FAILED', `cannot listen on ${listen} (${code})`, {
    hint: 'give a free port and an own address with --listen',
    place: 'listen',
    cause,
  });
}
