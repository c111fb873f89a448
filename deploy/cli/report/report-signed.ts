import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { type Command, EXIT_OK, readArguments, usage } from '../command.ts';
import { apiClient, CLIENT_OPTIONS, CLIENT_USAGE } from '../http-client.ts';

const OPTIONS = {
  ...CLIENT_OPTIONS,
  so: { type: 'string' },
  ngay: { type: 'string' },
} as const;

export const reportSignedCommand: Command = {
  summary: 'ledger the hash of the copy that came back signed',
  usage: `lanproof report signed ID FILE --so N --ngay D --collector URL --token T
  Writes the hash of FILE into the ledger as the signed copy of the report ID, with number and
  date of the letter. The file itself stays here. The same copy twice changes nothing.

  --so N            number of the letter, e.g. 12/BC-UBND
  --ngay D          its date, e.g. 2026-12-02

${CLIENT_USAGE}
  The token needs the role operator.`,
  async run(args, io) {
    const parsed = readArguments(args, OPTIONS, ['ID', 'FILE']);
    const [id = '', file = ''] = parsed.words;
    const number = parsed.required('so');
    const date = parsed.required('ngay');
    if (!/^[0-9a-z-]+$/.test(id)) throw usage(`${JSON.stringify(id)} is no id of a report`);
    if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) {
      throw usage(`--ngay ${JSON.stringify(date)} is no date`, 'write 2026-11-24');
    }
    const client = apiClient(parsed, io);
    try {
      const copy = { name: basename(file), ...(await hashOf(file)), number, date };
      const body = { type: 'application/json', text: JSON.stringify(copy) };
      const path = `/api/v1/reports/${id}/signed`;
      const answer = (await client.send('POST', path, body)) as SignedAnswer;
      const verb = answer.changed ? 'ledgered' : 'in the ledger already';
      io.out(`${copy.sha256}  ${file}: ${verb}, leaf ${answer.leaf} of ${answer.log}`);
    } finally {
      await client.close();
    }
    return EXIT_OK;
  },
};

interface SignedAnswer {
  readonly changed: boolean;
  readonly leaf: number;
  readonly log: string;
}

async function hashOf(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(file)) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
