import { isCode } from '../../../shared/measure/inventory-defaults.ts';
import { type Command, EXIT_OK, readArguments, usage } from '../command.ts';
import { apiClient, CLIENT_OPTIONS, CLIENT_USAGE } from '../http-client.ts';

export const agentRevokeCommand: Command = {
  summary: "end an agent's key on the collector",
  usage: `lanproof agent revoke --site CODE --agent CODE --reason TEXT [--from-leaf N]
  The key is refused from now on. What it signed from leaf N of the open log on is not the agent's
  word any more: that time counts as unknown, also in days that were judged already. The agent
  comes back with a new key and a new epoch: lanproof token create --site CODE --agent CODE, and
  on its machine without the old agent.key and enrolment.json. The revoked key is never taken
  again. A revocation stands in the log and cannot be taken back.

  --site CODE       the site, --agent CODE its agent
  --reason TEXT     why, e.g. "máy bị mất ngày 12/11"; it stands in the log for ever
  --from-leaf N     default: from now on
Needs a token of an administrator:
${CLIENT_USAGE}`,
  async run(args, io) {
    const parsed = readArguments(args, {
      ...CLIENT_OPTIONS,
      site: { type: 'string' },
      agent: { type: 'string' },
      reason: { type: 'string' },
      'from-leaf': { type: 'string' },
    });
    const [site, agent] = [parsed.required('site'), parsed.required('agent')];
    if (!isCode(site)) throw usage('--site is no code');
    if (!isCode(agent)) throw usage('--agent is no code');
    const from = parsed.text('from-leaf');
    if (from !== undefined && !/^\d{1,15}$/.test(from)) throw usage('--from-leaf is no number');
    const body = {
      reason: parsed.required('reason'),
      ...(from === undefined ? {} : { from_leaf: Number(from) }),
    };
    const client = apiClient(parsed, io);
    try {
      const path = `/api/v1/sites/${site}/agents/${agent}/revoke`;
      const json = { type: 'application/json', text: JSON.stringify(body) };
      const answer = (await client.send('POST', path, json)) as Revoked;
      const { short_code, epoch, log, from_leaf } = answer;
      io.out(`revoked: ${short_code}, agent ${agent} of site ${site}, epoch ${epoch}`);
      io.out(`its signatures count for leaves of ${log} before ${from_leaf}`);
    } finally {
      await client.close();
    }
    return EXIT_OK;
  },
};

interface Revoked {
  readonly short_code: string;
  readonly epoch: number;
  readonly log: string;
  readonly from_leaf: number;
}
