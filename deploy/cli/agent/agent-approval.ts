import { LanProofError } from '../../../shared/errors.ts';
import { nearest } from '../../../shared/nearest.ts';
import {
  type Arguments,
  type Command,
  EXIT_OK,
  type Io,
  readArguments,
  usage,
} from '../command.ts';
import { type ApiClient, apiClient, CLIENT_OPTIONS, CLIENT_USAGE } from '../http-client.ts';
import { textTable } from '../probe/text-table.ts';

/** One key that waits, as GET /api/v1/agents/pending tells it. */
interface Pending {
  readonly site: string;
  readonly site_name: string;
  readonly agent: string;
  readonly short_code: string;
  readonly software: string;
  readonly requested: string;
  readonly epoch: number;
}

const SHORT_CODE = /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/;

export const agentPendingCommand: Command = {
  summary: "agents' keys that wait for a person's approval",
  usage: `lanproof agent pending --collector URL --token T
  Lists the keys that wait: short code, site, agent, since when. The machine shows the same code
  while \`lanproof enrol\` waits; compare both before you approve.

${CLIENT_USAGE}`,
  async run(args, io) {
    await withClient(readArguments(args, CLIENT_OPTIONS), io, async (client) => {
      const items = await pending(client);
      if (items.length === 0) io.err('no key waits for approval');
      const rows = items.map((item) => {
        const again = item.epoch > 1 ? `a new key, epoch ${item.epoch}` : 'its first key';
        const since = item.requested.slice(0, 16).replace('T', ' ');
        return [item.short_code, item.site, item.agent, since, again, item.site_name];
      });
      for (const line of textTable(rows)) io.out(line);
    });
    return EXIT_OK;
  },
};

export const agentApproveCommand: Command = decision('approve', {
  summary: "accept an agent's key by its short code",
  what: `Accepts the key with this short code. Type the code from the screen of the machine, not from a
  list: that is what tells a foreign machine from yours.`,
  done: 'accepted',
});

export const agentRefuseCommand: Command = decision('refuse', {
  summary: "turn an agent's key down by its short code",
  what: 'Turns the key with this short code down; its token is used up.',
  done: 'refused',
});

function decision(
  verb: 'approve' | 'refuse',
  text: { readonly summary: string; readonly what: string; readonly done: string },
): Command {
  return {
    summary: text.summary,
    usage: `lanproof agent ${verb} SHORT-CODE --collector URL --token T
  ${text.what}

  SHORT-CODE        eight letters and digits, as the machine shows them: XXXX-XXXX
${CLIENT_USAGE}`,
    async run(args, io) {
      const parsed = readArguments(args, CLIENT_OPTIONS, ['SHORT-CODE']);
      const code = readShortCode(parsed.words[0] ?? '');
      await withClient(parsed, io, async (client) => {
        const { site, site_name, agent, epoch } = await find(client, code);
        const path = `/api/v1/sites/${site}/agents/${agent}/${verb}`;
        const body = { type: 'application/json', text: JSON.stringify({ short_code: code }) };
        await client.send('POST', path, body);
        const chain = verb === 'approve' ? `, epoch ${epoch}` : '';
        io.out(`${text.done}: ${code}, agent ${agent} of site ${site} (${site_name})${chain}`);
      });
      return EXIT_OK;
    },
  };
}

/** As Crockford's base32 is read: O is 0, I and L are 1, case and the dash are free. */
function readShortCode(typed: string): string {
  const plain = typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  const code = `${plain.slice(0, 4)}-${plain.slice(4)}`;
  if (SHORT_CODE.test(code)) return code;
  throw usage('that is no short code', 'eight letters and digits as the machine shows: XXXX-XXXX');
}

async function find(client: ApiClient, code: string): Promise<Pending> {
  const items = await pending(client);
  const found = items.find(({ short_code }) => short_code === code);
  if (found !== undefined) return found;
  const codes = items.map(({ short_code }) => short_code);
  const near = nearest(code, codes);
  const others =
    codes.length === 0 ? 'no key waits at all' : 'lanproof agent pending lists those that wait';
  const hint =
    near === undefined
      ? `${others}; the machine may be enrolled at another collector`
      : `${near} waits: compare it with the screen of the machine, letter by letter`;
  throw new LanProofError('SHORT_CODE_UNKNOWN', `no key with the code ${code} waits`, { hint });
}

async function pending(client: ApiClient): Promise<readonly Pending[]> {
  const answer = (await client.send('GET', '/api/v1/agents/pending')) as {
    readonly items: readonly Pending[];
  };
  return answer.items;
}

async function withClient(
  parsed: Arguments,
  io: Io,
  work: (client: ApiClient) => Promise<void>,
): Promise<void> {
  const client = apiClient(parsed, io);
  try {
    await work(client);
  } finally {
    await client.close();
  }
}
