/** A time-stamp authority made with openssl: certificates in a folder, and an HTTP server. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why these tests cannot run, or false. Throws in CI: there they must run. */
export function missingOpenssl(): string | false {
  const missing = !existsSync('/usr/bin/openssl') && 'openssl is missing: apt-get install openssl';
  if (missing !== false && process.env['CI'] === 'true') throw new Error(missing);
  return missing;
}

export interface AuthorityOptions {
  /** `ec` (P-256, quick to make) or `rsa` (2048 bits, what authorities use). */
  readonly key?: 'ec' | 'rsa';
  /** Extended key usage of the signer's certificate, as openssl writes it. */
  readonly usage?: string;
  /** Days that the signer's certificate is in force; negative: it expired. */
  readonly days?: number;
  /** Hash of the ESS attribute: sha1 gives the one of RFC 2634. */
  readonly ess?: 'sha1' | 'sha256' | 'sha512';
  /** An authority between root and signer; pathlen 0 of the root forbids it. */
  readonly intermediate?: boolean;
  readonly root_constraints?: string;
  /** Policies that are accepted in a request. */
  readonly digests?: string;
}

export interface TimeAuthority {
  readonly folder: string;
  /** The root certificate, PEM and DER. */
  readonly ca_file: string;
  readonly root: Uint8Array;
  /** Answers a TimeStampReq (DER) with a TimeStampResp (DER). */
  reply(query: Uint8Array): Uint8Array;
  /** The signer's certificate as `openssl ts -reply` uses it. */
  readonly signer_file: string;
  remove(): void;
}

const openssl = (folder: string, args: readonly string[]): void => {
  execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
};

/** Makes root, signer and configuration in a new folder of /tmp. */
export function createTimeAuthority(options: AuthorityOptions = {}): TimeAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-tsa-'));
  const make = (name: string, subject: string, issuer: string | null, ext: string, days = 365) => {
    makeKey(folder, name, options.key ?? 'ec');
    openssl(folder, [
      'req',
      '-new',
      '-utf8',
      '-key',
      `${name}.pem`,
      '-subj',
      subject,
      '-out',
      `${name}.csr`,
    ]);
    writeFileSync(join(folder, `${name}.ext`), ext);
    const by =
      issuer === null
        ? ['-signkey', `${name}.pem`]
        : ['-CA', `${issuer}.crt`, '-CAkey', `${issuer}.pem`, '-CAcreateserial'];
    const from = ['x509', '-req', '-in', `${name}.csr`, '-sha256', '-extfile', `${name}.ext`];
    openssl(folder, [...from, ...by, '-days', String(days), '-out', `${name}.crt`]);
  };
  const authority = 'keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n';
  const rootLimits = options.root_constraints ?? 'critical,CA:TRUE';
  make('root', '/O=Test/CN=Test root', null, `basicConstraints=${rootLimits}\n${authority}`);
  if (options.intermediate === true) {
    make('middle', '/CN=Middle', 'root', `basicConstraints=critical,CA:TRUE\n${authority}`);
  }
  const usage = options.usage ?? 'critical,timeStamping';
  const leaf = `extendedKeyUsage=${usage}\nkeyUsage=critical,digitalSignature\n`;
  const issuer = options.intermediate === true ? 'middle' : 'root';
  make('tsa', '/C=VN/O=Test/CN=Đồng hồ', issuer, leaf, options.days);
  writeFileSync(join(folder, 'chain.pem'), readChain(folder, options.intermediate === true));
  writeFileSync(join(folder, 'serial'), '01\n');
  writeFileSync(join(folder, 'tsa.cnf'), configuration(options));
  const der = ['x509', '-in', 'root.crt', '-outform', 'DER', '-out', 'root.der'];
  openssl(folder, der);
  return {
    folder,
    ca_file: join(folder, 'root.crt'),
    signer_file: join(folder, 'tsa.crt'),
    root: new Uint8Array(readFileSync(join(folder, 'root.der'))),
    reply(query) {
      writeFileSync(join(folder, 'query.tsq'), query);
      const files = ['-queryfile', 'query.tsq', '-out', 'reply.tsr'];
      openssl(folder, ['ts', '-reply', '-config', 'tsa.cnf', ...files]);
      return new Uint8Array(readFileSync(join(folder, 'reply.tsr')));
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * A token over any TSTInfo, by any certificate of the folder: `openssl ts` would refuse to make it.
 * `attributes` none: without the signed attribute that names the certificate.
 */
export function forgeToken(
  { folder }: TimeAuthority,
  info: Uint8Array,
  attributes: 'cades' | 'none' = 'cades',
): Uint8Array {
  writeFileSync(join(folder, 'info.der'), info);
  const of = ['-econtent_type', '1.2.840.113549.1.9.16.1.4', '-nodetach', '-binary'];
  const by = ['-signer', 'tsa.crt', '-inkey', 'tsa.pem', '-md', 'sha256', '-nosmimecap'];
  const named = attributes === 'cades' ? ['-cades'] : [];
  const out = ['-in', 'info.der', '-outform', 'DER', '-out', 'forged.der'];
  openssl(folder, ['cms', '-sign', ...of, ...by, ...named, ...out]);
  return new Uint8Array(readFileSync(join(folder, 'forged.der')));
}

function makeKey(folder: string, name: string, kind: 'ec' | 'rsa'): void {
  const of =
    kind === 'ec'
      ? ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256']
      : ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'];
  openssl(folder, ['genpkey', '-algorithm', ...of, '-out', `${name}.pem`]);
}

function readChain(folder: string, intermediate: boolean): string {
  const names = intermediate ? ['middle', 'root'] : ['root'];
  return names.map((name) => readFileSync(join(folder, `${name}.crt`), 'utf8')).join('');
}

function configuration({ digests, ess }: AuthorityOptions): string {
  return [
    '[tsa]\ndefault_tsa = main\n[main]\nserial = serial\ncrypto_device = builtin',
    'signer_cert = tsa.crt\ncerts = chain.pem\nsigner_key = tsa.pem\nsigner_digest = sha256',
    'default_policy = 1.2.3.4.1\naccuracy = secs:1, millisecs:500, microsecs:100',
    `digests = ${digests ?? 'sha256, sha384, sha512'}\nordering = no\ntsa_name = no`,
    `ess_cert_id_chain = no\ness_cert_id_alg = ${ess ?? 'sha256'}`,
    '',
  ].join('\n');
}

/** What `openssl ts -verify` says of a token or answer over `data`: true is "Verification: OK". */
export function opensslAgrees(
  authority: TimeAuthority,
  file: { readonly token: Uint8Array } | { readonly answer: Uint8Array },
  data: Uint8Array,
): boolean {
  const { folder } = authority;
  writeFileSync(join(folder, 'checked.data'), data);
  const token = 'token' in file;
  writeFileSync(join(folder, 'checked.der'), token ? file.token : file.answer);
  const of = ['-data', 'checked.data', '-in', 'checked.der', '-CAfile', 'root.crt'];
  try {
    openssl(folder, ['ts', '-verify', ...of, ...(token ? ['-token_in'] : [])]);
    return true;
  } catch {
    return false;
  }
}

export interface AuthorityServer {
  readonly url: string;
  /** Queries that came. */
  readonly queries: Uint8Array[];
  close(): Promise<void>;
}

/** How a server answers a query: bytes with a status, or null: never. */
export type Answering = (
  query: Uint8Array,
) => { readonly status?: number; readonly body: Uint8Array } | null;

/** Serves on loopback; the query's content type is checked as authorities do. */
export async function serveAuthority(answer: Answering): Promise<AuthorityServer> {
  const queries: Uint8Array[] = [];
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const query = new Uint8Array(Buffer.concat(parts));
      queries.push(query);
      if (request.headers['content-type'] !== 'application/timestamp-query') {
        response.writeHead(415).end();
        return;
      }
      const made = answer(query);
      if (made === null) return;
      response.writeHead(made.status ?? 200, { 'content-type': 'application/timestamp-reply' });
      response.end(made.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/tsa`,
    queries,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
