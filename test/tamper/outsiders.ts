/** Who vouches for a log from outside: a witness and a time-stamp authority of a test. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concat, utf8 } from '../../shared/bytes.ts';
import { signCosignature } from '../../shared/evidence/cosignature.ts';
import type { VerifierKey } from '../../shared/evidence/note.ts';
import { createNodeCrypto, generateSigner } from '../../shared/node/crypto.ts';
import { createTimeAuthority, forgeToken } from '../support/time-authority.ts';

const crypto = createNodeCrypto();
/** Modelled time lies anywhere: these certificates are in force for all of it. */
const IN_FORCE = ['20200101000000Z', '20491231235959Z'] as const;
/** In force only long before anything was measured. */
const LONG_AGO = ['20200101000000Z', '20210101000000Z'] as const;

export interface Witness {
  readonly name: string;
  readonly key: VerifierKey;
  /** Signature lines over the three lines of a checkpoint. */
  prove(text: string, at_ms: number): Uint8Array;
}

export function createWitness(name = 'finance.example/witness'): Witness {
  const { signer } = generateSigner();
  return {
    name,
    key: { name, publicKey: signer.publicKey },
    prove: (text, at_ms) => utf8(signCosignature(crypto, name, signer, text, at_ms)),
  };
}

export interface Stamper {
  /** Root certificate, DER. */
  readonly root: Uint8Array;
  /** A token over the three lines of a checkpoint, at a modelled time. */
  prove(text: string, at_ms: number): Uint8Array;
  remove(): void;
}

/** `expired`: the certificate was not in force at any time that a test stamps. */
export function createStamper(expired = false): Stamper {
  const authority = createTimeAuthority();
  const { folder } = authority;
  writeFileSync(join(folder, 'ca.cnf'), CA);
  writeFileSync(join(folder, 'index.txt'), '');
  issue(folder, 'root', ['-selfsign'], IN_FORCE);
  issue(folder, 'tsa', ['-cert', 'root.crt'], expired ? LONG_AGO : IN_FORCE);
  openssl(folder, ['x509', '-in', 'root.crt', '-outform', 'DER', '-out', 'root.der']);
  return {
    root: new Uint8Array(readFileSync(join(folder, 'root.der'))),
    prove: (text, at_ms) => forgeToken(authority, timeInfo(crypto.sha256(utf8(text)), at_ms)),
    remove: authority.remove,
  };
}

const CA = `[ca]
default_ca = one
[one]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
countryName = optional
organizationName = optional
commonName = supplied
`;

/** Another certificate for a key of the folder, with times of its own. */
function issue(
  folder: string,
  name: string,
  by: readonly string[],
  [from, to]: readonly [string, string],
): void {
  const of = ['-batch', '-notext', '-utf8', '-config', 'ca.cnf', '-keyfile', 'root.pem', ...by];
  const times = ['-startdate', from, '-enddate', to];
  const files = ['-in', `${name}.csr`, '-extfile', `${name}.ext`, '-out', `${name}.crt`];
  openssl(folder, ['ca', ...of, ...times, ...files]);
}

function openssl(folder: string, args: readonly string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** RFC 3161 TSTInfo: version, policy, imprint by SHA-256, serial number, time in whole seconds. */
function timeInfo(hash: Uint8Array, at_ms: number): Uint8Array {
  const time = new Date(at_ms).toISOString().slice(0, 19).replace(/[-:T]/g, '');
  const sha256 = Uint8Array.of(0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1);
  return der(
    0x30,
    der(0x02, Uint8Array.of(1)),
    der(0x06, Uint8Array.of(0x2a, 3, 4, 1)),
    der(0x30, der(0x30, sha256), der(0x04, hash)),
    der(0x02, Uint8Array.of(7)),
    der(0x18, utf8(`${time}Z`)),
  );
}

/** One value of fewer than 128 bytes. */
function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(...parts);
  if (body.length > 127) throw new RangeError('a longer form of length is not needed here');
  return concat(Uint8Array.of(tag, body.length), body);
}
