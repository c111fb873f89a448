/**
 * A witness process that the system ends (kill -9) at the worst moment: the checkpoint is kept and
 * the cosignature made, but no answer went out. Arguments: folder, verifier key of the log.
 */
import { openWitness } from '../../collector/ledger/witness/open-witness.ts';
import { createWitnessServer } from '../../collector/ledger/witness/server.ts';
import { createWitness } from '../../collector/ledger/witness/witness.ts';
import { parseVerifierKey } from '../../shared/evidence/note.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';

const [folder = '', key = ''] = process.argv.slice(2);
const crypto = createNodeCrypto();
const { name, signer, state } = openWitness(folder, crypto);
const logs = [parseVerifierKey(crypto, key)];
const witness = createWitness({ crypto, name, signer, logs, state, now_ms: () => Date.now() });
const server = createWitnessServer({
  answer(body) {
    const answer = witness(body);
    if (answer.status === 200) process.kill(process.pid, 'SIGKILL');
    return answer;
  },
  log: () => undefined,
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) process.stdout.write(`${address.port}\n`);
});
