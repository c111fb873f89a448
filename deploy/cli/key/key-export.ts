import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openKeys, PASSPHRASE_CHARS_MIN, sealKeys } from '../../../collector/key-export.ts';
import { DOCUMENT_KEY_FILE, LOG_KEY_FILE } from '../../../collector/keys.ts';
import { createSecretFile, readSecretFile } from '../../../collector/secret-file.ts';
import { TLS_FILE, tlsPin } from '../../../collector/tls.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { shortCode } from '../../../shared/evidence/keys.ts';
import { createNodeCrypto, signerFromPem } from '../../../shared/node/crypto.ts';
import { makeFolder } from '../../../shared/node/make-folder.ts';
import { type Command, EXIT_FAILED, EXIT_OK, readArguments } from '../command.ts';
import { dataDir } from '../data-dir.ts';
import { PASSPHRASE_USAGE, passphraseFrom } from './passphrase.ts';

const OPTIONS = {
  data: { type: 'string' },
  config: { type: 'string' },
  'passphrase-file': { type: 'string' },
} as const;
const DATA_USAGE = `  --data DIR              the collector's data directory
  --config FILE           or its configuration; without both: ./data`;
const DIR_MODE = 0o700;

export const keyExportCommand: Command = {
  summary: "a sealed copy of the collector's keys",
  usage: `lanproof key export --out FILE [--data DIR]
  Writes log.key, document.key and, where the collector made its certificate itself, tls.pem into
  one text file, sealed by a passphrase of at least ${PASSPHRASE_CHARS_MIN} characters (scrypt,
  AES-256-GCM). Keep the file and the passphrase in two places away from the collector: a backup
  holds no keys, and without them a restored collector cannot go on as itself.

  --out FILE              a new file of mode 0600; an existing one is never replaced
${PASSPHRASE_USAGE}
${DATA_USAGE}`,
  async run(args, io) {
    const parsed = readArguments(args, { ...OPTIONS, out: { type: 'string' } });
    const out = parsed.required('out');
    const ask = passphraseFrom(parsed, io, { fresh: true });
    if (existsSync(out)) throw exists('KEY_EXPORT_EXISTS', out, 'name a new file');
    const data_dir = dataDir(parsed);
    const keys = {
      log: pemOf(data_dir, LOG_KEY_FILE),
      document: pemOf(data_dir, DOCUMENT_KEY_FILE),
      tls: readSecretFile(join(data_dir, TLS_FILE)) ?? null,
    };
    const passphrase = await ask();
    if (passphrase === undefined) return stopped(io.err);
    const random = (bytes: number) => new Uint8Array(randomBytes(bytes));
    const text = sealKeys(keys, { passphrase, created: new Date(), random });
    // What cannot be opened again is worth nothing: it is tried before it is called done.
    openKeys(text, passphrase);
    createSecretFile(out, text);
    io.out(`written: ${out}`);
    io.err(`log key ${codeOf(keys.log)}, document key ${codeOf(keys.document)}`);
    const none = `no ${TLS_FILE}: the certificate of the collector is not its own, or not made yet`;
    io.err(keys.tls === null ? none : `TLS key, SHA-256 ${tlsPin(keys.tls, TLS_FILE)}`);
    return EXIT_OK;
  },
};

export const keyImportCommand: Command = {
  summary: 'put the keys back from a sealed copy',
  usage: `lanproof key import FILE [--data DIR]
  Opens what \`lanproof key export\` wrote and puts log.key, document.key and tls.pem, if it is in it,
  into the data directory where they are missing. A key that is there is never replaced. Run by
  root, they belong to the owner of DIR; a DIR that is made belongs to the owner of its parent.

${PASSPHRASE_USAGE}
${DATA_USAGE}`,
  async run(args, io) {
    const parsed = readArguments(args, OPTIONS, ['FILE']);
    const ask = passphraseFrom(parsed, io, { fresh: false });
    const text = readExport(parsed.words[0] ?? '');
    const data_dir = dataDir(parsed);
    const passphrase = await ask();
    if (passphrase === undefined) return stopped(io.err);
    const keys = openKeys(text, passphrase);
    const wanted = [
      { name: LOG_KEY_FILE, pem: keys.log, of: shortCodeOf },
      { name: DOCUMENT_KEY_FILE, pem: keys.document, of: shortCodeOf },
      ...(keys.tls === null ? [] : [{ name: TLS_FILE, pem: keys.tls, of: tlsPinOf }]),
    ];
    makeFolder(data_dir, DIR_MODE);
    for (const { name, pem, of } of wanted) {
      const there = readSecretFile(join(data_dir, name));
      if (there !== undefined && of(there) !== of(pem)) {
        const hint = 'move the other key away first, if you are sure that it is the wrong one';
        throw exists('KEY_EXISTS', join(data_dir, name), hint);
      }
    }
    for (const { name, pem, of } of wanted) {
      const path = join(data_dir, name);
      const known = readSecretFile(path) !== undefined;
      if (!known) createSecretFile(path, pem);
      io.out(`${known ? 'is there' : 'written'}: ${path}, ${of(pem)}`);
    }
    if (keys.tls === null) io.err(`${TLS_FILE} is not in this file`);
    return EXIT_OK;
  },
};

function pemOf(data_dir: string, name: string): string {
  const path = join(data_dir, name);
  const pem = readSecretFile(path);
  if (pem !== undefined) return pem;
  throw new LanProofError('KEY_MISSING', 'the key is not there', {
    hint: 'name the data directory of a collector that ran once: --data DIR',
    place: path,
  });
}

function codeOf(pem: string): string {
  return shortCode(createNodeCrypto(), signerFromPem(pem).publicKey);
}

function shortCodeOf(pem: string): string {
  return `short code ${codeOf(pem)}`;
}

function tlsPinOf(pem: string): string {
  return `key SHA-256 ${tlsPin(pem, TLS_FILE)}`;
}

function readExport(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new LanProofError('KEY_EXPORT_UNREADABLE', 'the file cannot be read', {
      hint: 'check the path and its rights',
      place: file,
      cause,
    });
  }
}

function exists(code: string, place: string, hint: string): LanProofError {
  return new LanProofError(code, 'the file is there; it is never replaced', { hint, place });
}

function stopped(err: (line: string) => void): number {
  err('stopped; nothing was written');
  return EXIT_FAILED;
}
