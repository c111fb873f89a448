import type { Readable } from 'node:stream';
import { loadAgentConfig } from '../../../agent/config.ts';
import { writeSecret } from '../../../agent/secret-write.ts';
import { SECRET_BYTES_MAX, SECRETS_DIR_DEFAULT } from '../../../agent/secrets.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { isSecretName, SECRET_NAME_FORM } from '../../../shared/measure/secret-name.ts';
import {
  type Arguments,
  type Command,
  EXIT_FAILED,
  EXIT_OK,
  type Io,
  readArguments,
  usage,
} from '../command.ts';
import { askHidden, isTerminal } from './hidden-prompt.ts';

export const agentSecretCommand: Command = {
  summary: 'write a secret (SNMP community, pass phrase) where the agent reads it',
  usage: `lanproof agent secret set NAME [--config agent.yml | --secrets-dir DIR]
  Reads the value from standard input (one line) or asks for it without showing it; it never
  stands on the command line, where other users and the shell's history would see it. Writes the
  file NAME of mode 0600 into secrets_dir, whole or not at all. The agent reads it at the next
  target list or start; NAME is what the inventory writes at \`secret:\`.

  NAME              ${SECRET_NAME_FORM}
  --config FILE     agent.yml, for its secrets_dir
  --secrets-dir DIR the folder itself; default ${SECRETS_DIR_DEFAULT}

  Exit codes: 0 written, 1 refused or not writable, 2 used wrongly`,
  async run(args, io) {
    const parsed = readSecretArguments(args);
    const [, name = ''] = parsed.words;
    if (parsed.words[0] !== 'set') throw usage('write: lanproof agent secret set NAME');
    // The name is not repeated: somebody may have written the value in its place.
    if (!isSecretName(name)) throw usage('NAME is no name of a secret', SECRET_NAME_FORM);
    const dir = secretsDir(parsed, io);
    const value = await readValue(name, io);
    if (value === undefined) {
      io.err('stopped; nothing was written');
      return EXIT_FAILED;
    }
    io.out(`written: ${writeSecret(dir, name, value)}`);
    return EXIT_OK;
  },
};

function readSecretArguments(args: readonly string[]): Arguments {
  // Before anything is repeated in an error: no word of this command line is ever printed.
  if (args.filter((word) => !word.startsWith('-')).length > 4) {
    throw usage('too many words: the value is read from standard input, never from here');
  }
  const options = { config: { type: 'string' }, 'secrets-dir': { type: 'string' } } as const;
  return readArguments(args, options, ['set', 'NAME']);
}

/** The folder of secrets that the command line names. Throws LanProofError CONFIG_*, USAGE. */
export function secretsDir(parsed: Arguments, io: Pick<Io, 'env'>): string {
  const dir = parsed.text('secrets-dir');
  const config = parsed.text('config');
  if (dir !== undefined) return dir;
  return config === undefined ? SECRETS_DIR_DEFAULT : loadAgentConfig(config, io.env).secrets_dir;
}

async function readValue(name: string, io: Io): Promise<string | undefined> {
  const input = io.in ?? process.stdin;
  if (!isTerminal(input)) return oneLine(await readAll(input));
  const first = await askHidden(input, `value of ${name} (not shown): `);
  if (first === undefined) return undefined;
  const again = await askHidden(input, 'once more: ');
  if (again === undefined) return undefined;
  if (first === again) return first;
  throw new LanProofError('SECRET_DIFFERS', 'the two values are not the same', {
    hint: 'nothing was written; run the command again',
  });
}

async function readAll(input: Readable): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of input) {
    const buffer = Buffer.isBuffer(part) ? part : Buffer.from(String(part));
    parts.push(buffer);
    bytes += buffer.length;
    // What is too long is refused when it is written; there is no need to read on.
    if (bytes > SECRET_BYTES_MAX + 2) break;
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Without the byte order mark and the line end that editors and `echo` add. */
function oneLine(text: string): string {
  return text.replace(/^\uFEFF/, '').replace(/\r?\n$/, '');
}
