import { issueCredential } from '../../collector/auth/credentials.ts';
import { ENROL_VALID_DEFAULT_MS, issueEnrolToken } from '../../collector/auth/enrol-tokens.ts';
import { isRole } from '../../collector/auth/roles.ts';
import { openBeside } from '../../collector/beside.ts';
import { ROLES, type Role } from '../../collector/store/rows.ts';
import { isCode } from '../../shared/measure/inventory-defaults.ts';
import { type Arguments, type Command, EXIT_OK, type Io, readArguments, usage } from './command.ts';
import { parseDuration } from './duration.ts';
import { apiClient, CLIENT_OPTIONS, CLIENT_USAGE } from './http-client.ts';

export const tokenCommand: Command = {
  summary: 'make an enrolment token for a site, or an API token for a role',
  usage: `lanproof token create --site CODE [--agent CODE] [--valid 60m] [--approve]
lanproof token create --role ${ROLES.join('|')} [--unit CODE] [--label TEXT]
  Prints the token once, on the last line; only its SHA-256 is kept.

  --site CODE       enrolment of an agent of this site
  --agent CODE      default: the inventory's first agent without a key, else the next do-N
  --valid 60m       how long it can be used: m, h, d; up to 30d
  --approve         accept the key at once (scripts); else a person compares the short code
  --role ROLE       an API token for Authorization: Bearer …
  --unit CODE       only this unit and those below it

Beside the collector (no sign-in), or with a token of an operator or administrator:
  --config FILE     collector.yml; without it and without --collector: ./data
${CLIENT_USAGE}`,
  async run(args, io) {
    const parsed = readArguments(args, {
      ...CLIENT_OPTIONS,
      config: { type: 'string' },
      site: { type: 'string' },
      agent: { type: 'string' },
      valid: { type: 'string' },
      approve: { type: 'boolean' },
      role: { type: 'string' },
      unit: { type: 'string' },
      label: { type: 'string' },
    });
    const role = parsed.text('role');
    const site = parsed.text('site');
    if ((role === undefined) === (site === undefined)) throw usage('give either --site or --role');
    if (role !== undefined && !isRole(role)) throw usage(`--role is one of ${ROLES.join(', ')}`);
    if (site !== undefined) await enrolToken(parsed, io, checkedCode(site, 'site'));
    else if (role !== undefined) await apiToken(parsed, io, role);
    return EXIT_OK;
  },
};

async function enrolToken(parsed: Arguments, io: Io, site: string): Promise<void> {
  for (const name of ['unit', 'label']) {
    if (parsed.text(name) !== undefined) throw usage(`--${name} goes with --role`);
  }
  const agent = parsed.text('agent');
  const valid = parsed.text('valid');
  const valid_ms = valid === undefined ? ENROL_VALID_DEFAULT_MS : parseDuration(valid, 'valid');
  const approve = parsed.flag('approve');
  if (agent !== undefined) checkedCode(agent, 'agent');
  let made: { agent: string; token: string; expires_ms: number };
  if (parsed.text('collector') === undefined) {
    const beside = await openBeside(parsed.text('config'));
    try {
      const by = 'command line';
      made = await issueEnrolToken(beside, await beside.identity(), {
        site,
        agent,
        valid_ms,
        approve,
        by,
      });
    } finally {
      await beside.close();
    }
  } else {
    const body = { valid_ms, approve, ...(agent === undefined ? {} : { agent }) };
    made = await post(parsed, io, `/api/v1/sites/${site}/enrol-tokens`, body);
  }
  const until = new Date(made.expires_ms).toISOString();
  io.err(`enrolment token for agent ${made.agent} of site ${site}, valid until ${until}`);
  io.err(approve ? 'its key is accepted at once' : 'a person must approve the key afterwards');
  io.out(made.token);
}

async function apiToken(parsed: Arguments, io: Io, role: Role): Promise<void> {
  for (const name of ['agent', 'valid']) {
    if (parsed.text(name) !== undefined) throw usage(`--${name} goes with --site`);
  }
  if (parsed.flag('approve')) throw usage('--approve goes with --site');
  const unit = parsed.text('unit') ?? null;
  const label = parsed.text('label') ?? '';
  if (unit !== null) checkedCode(unit, 'unit');
  let [id, token] = ['', ''];
  if (parsed.text('collector') === undefined) {
    const beside = await openBeside(parsed.text('config'));
    try {
      const wanted = { kind: 'api', role, unit, label, by: 'command line' } as const;
      ({ id, secret: token } = await issueCredential(beside, wanted));
    } finally {
      await beside.close();
    }
  } else {
    const body = { role, unit, label };
    ({ id, token } = await post<{ id: string; token: string }>(parsed, io, '/api/v1/tokens', body));
  }
  io.err(`API token of role ${role}, ${unit === null ? 'all units' : `unit ${unit} and below`}`);
  io.err(`to end it: lanproof token revoke api:${id}`);
  io.out(token);
}

async function post<Answer>(
  parsed: Arguments,
  io: Io,
  path: string,
  body: object,
): Promise<Answer> {
  const client = apiClient(parsed, io);
  try {
    const json = { type: 'application/json', text: JSON.stringify(body) };
    return (await client.send('POST', path, json)) as Answer;
  } finally {
    await client.close();
  }
}

function checkedCode(text: string, option: string): string {
  if (isCode(text)) return text;
  throw usage(`--${option} is no code`, 'lower-case letters, digits and -, e.g. socson-hq');
}
