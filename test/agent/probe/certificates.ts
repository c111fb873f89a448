import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  /** PEM of the authority that signed the others. */
  readonly ca: string;
  /** Days are UTC texts `YYYYMMDDHHMMSSZ`. */
  issue(name: string, valid?: { readonly from: string; readonly to: string }): Certificate;
  /** Signed by itself. */
  selfSigned(name: string): Certificate;
}

const VALID = { from: '20200101000000Z', to: '20990101000000Z' };

/** An authority made anew by openssl, so that no key has to be kept in the repository. */
export function makeCertificates(dir: string): Certificates {
  const file = (name: string): string => join(dir, name);
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'ignore'] });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=Test CA');
  writeFileSync(file('index.txt'), '');
  writeFileSync(file('serial'), '1000\n');
  writeFileSync(
    file('ca.cnf'),
    [
      ...['[ca]', 'default_ca=own', '[own]', 'database=index.txt', 'serial=serial'],
      ...['new_certs_dir=.', 'certificate=ca.crt', 'private_key=ca.key', 'default_md=sha256'],
      ...['policy=any', 'copy_extensions=copy', 'unique_subject=no', '[any]'],
      ...['commonName=supplied', ''],
    ].join('\n'),
  );
  let count = 0;
  const read = (base: string): Certificate => ({
    cert: readFileSync(file(`${base}.crt`), 'utf8'),
    key: readFileSync(file(`${base}.key`), 'utf8'),
  });
  const names = (name: string): string[] => {
    const kind = /^[0-9.]+$/.test(name) ? 'IP' : 'DNS';
    return ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${kind}:${name}`];
  };
  return {
    ca: readFileSync(file('ca.crt'), 'utf8'),
    issue(name, valid = VALID) {
      count += 1;
      const base = `leaf${count}`;
      const dates = ['-startdate', valid.from, '-enddate', valid.to];
      openssl('req', ...key, '-keyout', `${base}.key`, '-out', `${base}.csr`, ...names(name));
      const paths = ['-in', `${base}.csr`, '-out', `${base}.crt`];
      openssl('ca', '-batch', '-notext', '-config', 'ca.cnf', ...paths, ...dates);
      return read(base);
    },
    selfSigned(name) {
      count += 1;
      const base = `own${count}`;
      openssl(
        'req',
        '-x509',
        ...key,
        '-keyout',
        `${base}.key`,
        '-out',
        `${base}.crt`,
        ...names(name),
      );
      return read(base);
    },
  };
}
