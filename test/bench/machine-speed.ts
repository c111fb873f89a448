import { generateKeyPairSync, sign, verify } from 'node:crypto';

const ROUNDS = 5;
const CHECKS = 300;

/**
 * CPU of one Ed25519 check on this machine at this moment, µs, least of some rounds. A shared
 * machine's speed swings by a quarter within an hour: beside each figure it says how fast it was.
 */
export function signatureCheckUs(): number {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const message = new Uint8Array(256);
  const signature = sign(null, message, privateKey);
  const round = (): number => {
    const from = process.cpuUsage();
    for (let at = 0; at < CHECKS; at += 1) verify(null, message, publicKey, signature);
    const { user, system } = process.cpuUsage(from);
    return (user + system) / CHECKS;
  };
  return Math.round(Math.min(...Array.from({ length: ROUNDS }, round)));
}
