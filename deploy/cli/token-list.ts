import { endCredential, listSignedIn } from '../../collector/auth/signed-in.ts';
import { openBeside } from '../../collector/beside.ts';
import { type Arguments, type Command, EXIT_OK, type Io, readArguments, usage } from './command.ts';
import { counted } from './counted.ts';
import { type ApiClient, apiClient, CLIENT_OPTIONS, CLIENT_USAGE } from './http-client.ts';
import { textTable } from './probe/text-table.ts';

/** The members of an item of GET /api/v1/tokens that are shown. */
type Item = Pick<
  Awaited<ReturnType<typeof listSignedIn>>[number],
  | 'id'
  | 'kind'
  | 'state'
  | 'role'
  | 'unit'
  | 'label'
  | 'created_by'
  | 'created_ms'
  | 'last_used_ms'
  | 'sessions'
>;
type Ended = Awaited<ReturnType<typeof endCredential>>;

const WHERE = `
Beside the collector (no sign-in), or with a token of an administrator:
  --config FILE     collector.yml; without it and without --collector: ./data
${CLIENT_USAGE}`;
const OPTIONS = { ...CLIENT_OPTIONS, config: { type: 'string' } } as const;
/** As the list and the audit trail name it; the bare ID is enough. */
const ID = /^(?:(?:api|session):)?([A-Za-z0-9_-]{12})$/;
const HEAD = ['ID', 'STATE', 'ROLE', 'UNIT', 'MADE', 'BY', 'LAST USED', 'SESSIONS', 'LABEL'];

export const tokenListCommand: Command = {
  summary: 'API tokens, and sessions that were opened by a sign-in link',
  usage: `lanproof token list [--collector URL --token T]
  Newest first, also the ended ones; times are UTC. Secrets are not kept and never shown. BY says
  who made it: a token (api:…), a session, a sign-in link, or the command line.
${WHERE}`,
  async run(args, io) {
    const parsed = readArguments(args, OPTIONS);
    const items = await at<readonly Item[]>(parsed, io, {
      beside: (beside) => listSignedIn(beside, null),
      far: async (client) =>
        ((await client.send('GET', '/api/v1/tokens')) as { items: readonly Item[] }).items,
    });
    if (items.length === 0) io.err('there is no token yet: lanproof token create --role …');
    else for (const line of textTable([HEAD, ...items.map(row)])) io.out(line);
    return EXIT_OK;
  },
};

export const tokenRevokeCommand: Command = {
  summary: 'end an API token and its sessions, or one session',
  usage: `lanproof token revoke ID [--collector URL --token T]
  It is refused from the next request on, and so are the sessions that were opened with it; a live
  view that is open ends within seconds. Tokens that were made with it stay and are named: revoke
  those that you do not know. It is audited and cannot be taken back.

  ID                from \`lanproof token list\` or the audit trail: api:…, session:…
${WHERE}`,
  async run(args, io) {
    const parsed = readArguments(args, OPTIONS, ['ID']);
    const id = ID.exec(parsed.words[0] ?? '')?.[1];
    // Never shown: somebody may have typed the token itself.
    if (id === undefined) throw usage('that is no ID', 'lanproof token list shows them');
    const { name, sessions, made } = await at<Ended>(parsed, io, {
      beside: (beside) => endCredential(beside, id, null, 'command line'),
      far: async (client) => (await client.send('POST', `/api/v1/tokens/${id}/revoke`)) as Ended,
    });
    io.out(`revoked: ${name}, with ${counted(sessions, 'session')}`);
    if (made.length > 0) io.err(`made with it and still valid: ${made.join(', ')}`);
    return EXIT_OK;
  },
};

async function at<Answer>(
  parsed: Arguments,
  io: Io,
  ways: {
    readonly beside: (beside: Awaited<ReturnType<typeof openBeside>>) => Promise<Answer>;
    readonly far: (client: ApiClient) => Promise<Answer>;
  },
): Promise<Answer> {
  if (parsed.text('collector') === undefined) {
    const beside = await openBeside(parsed.text('config'));
    try {
      return await ways.beside(beside);
    } finally {
      await beside.close();
    }
  }
  const client = apiClient(parsed, io);
  try {
    return await ways.far(client);
  } finally {
    await client.close();
  }
}

function row(item: Item): string[] {
  const { id, kind, state, role, unit, created_by, created_ms, last_used_ms } = item;
  const made = [minute(created_ms), created_by, last_used_ms === null ? '-' : minute(last_used_ms)];
  return [`${kind}:${id}`, state, role, unit ?? '-', ...made, String(item.sessions), item.label];
}

function minute(at_ms: number): string {
  return new Date(at_ms).toISOString().slice(0, 16).replace('T', ' ');
}
