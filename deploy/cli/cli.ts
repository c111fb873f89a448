import { describeError, LanProofError } from '../../shared/errors.ts';
import { nearest } from '../../shared/nearest.ts';
import { type Command, EXIT_FAILED, EXIT_OK, EXIT_USAGE, type Io, usage } from './command.ts';
import { systemError } from './system-error.ts';
import { softwareVersion } from './version.ts';

interface Entry {
  readonly summary: string;
  load(): Promise<Command>;
}

/** Loaded when used, so that an agent never loads the collector's modules, nor the reverse. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  collector: {
    summary: 'run the collector',
    load: async () => (await import('./collector.ts')).collectorCommand,
  },
  agent: {
    summary: 'run the agent on a LAN',
    load: async () => (await import('./agent.ts')).agentCommand,
  },
  'agent status': {
    summary: 'how the agent on this machine is doing',
    load: async () => (await import('./agent/agent-status.ts')).agentStatusCommand,
  },
  'agent secret': {
    summary: 'write a secret (SNMP community, pass phrase) where the agent reads it',
    load: async () => (await import('./agent/agent-secret.ts')).agentSecretCommand,
  },
  'agent revoke': {
    summary: "end an agent's key on the collector",
    load: async () => (await import('./agent/agent-revoke.ts')).agentRevokeCommand,
  },
  'agent rotate-key': {
    summary: 'give the agent of this machine a new key',
    load: async () => (await import('./agent/agent-rotate.ts')).agentRotateCommand,
  },
  'agent pending': {
    summary: "agents' keys that wait for a person's approval",
    load: async () => (await import('./agent/agent-approval.ts')).agentPendingCommand,
  },
  'agent approve': {
    summary: "accept an agent's key by its short code",
    load: async () => (await import('./agent/agent-approval.ts')).agentApproveCommand,
  },
  'agent refuse': {
    summary: "turn an agent's key down by its short code",
    load: async () => (await import('./agent/agent-approval.ts')).agentRefuseCommand,
  },
  probe: {
    summary: 'one probe of one address, explained step by step',
    load: async () => (await import('./probe/probe.ts')).probeCommand,
  },
  record: {
    summary: 'record what a device tells by SNMP, names and addresses masked',
    load: async () => (await import('./record/record.ts')).recordCommand,
  },
  enrol: {
    summary: 'introduce this machine as an agent, with a token',
    load: async () => (await import('./enrol.ts')).enrolCommand,
  },
  'token create': {
    summary: 'make an enrolment token for a site, or an API token for a role',
    load: async () => (await import('./token.ts')).tokenCommand,
  },
  'token list': {
    summary: 'API tokens, and sessions that were opened by a sign-in link',
    load: async () => (await import('./token-list.ts')).tokenListCommand,
  },
  'token revoke': {
    summary: 'end an API token and its sessions, or one session',
    load: async () => (await import('./token-list.ts')).tokenRevokeCommand,
  },
  import: {
    summary: 'write an inventory file into the collector',
    load: async () => (await import('./import.ts')).importCommand,
  },
  rebuild: {
    summary: 'compute all judgement again from the ledger, or check that it is the same',
    load: async () => (await import('./rebuild.ts')).rebuildCommand,
  },
  witness: {
    summary: 'sign checkpoints of other logs that continue what was signed before',
    load: async () => (await import('./witness.ts')).witnessCommand,
  },
  backup: {
    summary: 'copy the store into a folder, also while the collector runs',
    load: async () => (await import('./backup.ts')).backupCommand,
  },
  restore: {
    summary: 'put a backup into a new data directory',
    load: async () => (await import('./restore.ts')).restoreCommand,
  },
  report: {
    summary: 'issue documents of a site and period, with the bundle that proves them',
    load: async () => (await import('./report/report.ts')).reportCommand,
  },
  'report signed': {
    summary: 'ledger the hash of the copy that came back signed',
    load: async () => (await import('./report/report-signed.ts')).reportSignedCommand,
  },
  verify: {
    summary: 'check an evidence bundle and compute its figures again',
    load: async () => (await import('./verify.ts')).verifyCommand,
  },
  'ledger status': {
    summary: 'logs, heads, agents, anchors and the newest look at all of it',
    load: async () => (await import('./ledger-status.ts')).ledgerStatusCommand,
  },
  'ledger verify': {
    summary: 'hold all that is stored against hashes and signatures',
    load: async () => (await import('./ledger-verify.ts')).ledgerVerifyCommand,
  },
  'spool export': {
    summary: 'write what waits for the collector into a file, for a USB stick',
    load: async () => (await import('./spool-export.ts')).spoolExportCommand,
  },
  'spool import': {
    summary: 'deliver a file of lanproof spool export to the collector',
    load: async () => (await import('./spool-import.ts')).spoolImportCommand,
  },
  'key export': {
    summary: 'a sealed copy of the log and document keys',
    load: async () => (await import('./key/key-export.ts')).keyExportCommand,
  },
  'key import': {
    summary: 'put the keys back from a sealed copy',
    load: async () => (await import('./key/key-export.ts')).keyImportCommand,
  },
  'key replace': {
    summary: 'a new key where the one of the collector is lost for ever',
    load: async () => (await import('./key/key-replace.ts')).keyReplaceCommand,
  },
  'config schema': {
    summary: 'print the JSON Schema of a configuration file',
    load: async () => (await import('./config-schema.ts')).configSchemaCommand,
  },
};

const HELP: ReadonlySet<string> = new Set(['--help', '-h', 'help']);

/** Runs one command line and returns the exit code; never throws. */
export async function run(argv: readonly string[], io: Io = processIo()): Promise<number> {
  const [first = '--help', second = ''] = argv;
  if (HELP.has(first)) {
    io.out(overview(Object.keys(COMMANDS)));
    return EXIT_OK;
  }
  if (first === '--version' || first === '-v') {
    io.out(softwareVersion());
    return EXIT_OK;
  }
  const pair = `${first} ${second}`;
  const name = Object.hasOwn(COMMANDS, pair) ? pair : first;
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined && HELP.has(second) && groupOf(first).length > 0) {
    io.out(overview(groupOf(first)));
    return EXIT_OK;
  }
  try {
    if (entry === undefined) throw unknownCommand(first, second);
    const args = argv.slice(name.split(' ').length);
    const command = await entry.load();
    if (args.some((word) => HELP.has(word) && word !== 'help')) {
      io.out(command.usage);
      return EXIT_OK;
    }
    return await command.run(args, io);
  } catch (thrown) {
    const error = systemError(thrown) ?? thrown;
    io.err(describeError(error));
    // A fault of the program itself, not of its use: the stack is what a report needs.
    if (!(error instanceof LanProofError) && error instanceof Error) io.err(error.stack ?? '');
    return error instanceof LanProofError && error.code === 'USAGE' ? EXIT_USAGE : EXIT_FAILED;
  }
}

/** The commands of a group, e.g. `token create` of `token`. */
function groupOf(first: string): string[] {
  return Object.keys(COMMANDS).filter((name) => name.startsWith(`${first} `));
}

function overview(names: readonly string[]): string {
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map(
    (name) => `  lanproof ${name.padEnd(width)}  ${COMMANDS[name]?.summary ?? ''}`,
  );
  return [
    'LanProof records the health of office networks so that others can check it.',
    '',
    ...lines,
    '',
    'Every command has --help; --version prints the version.',
  ].join('\n');
}

function unknownCommand(first: string, second: string): LanProofError {
  const names = Object.keys(COMMANDS);
  const continued = groupOf(first);
  if (continued.length > 0) {
    const what = second === '' ? 'incomplete' : `not followed by ${JSON.stringify(second)}`;
    return usage(`the command is ${what}`, `write: lanproof ${continued.join(' | ')}`);
  }
  const near = nearest(first, names);
  const hint = near === undefined ? 'lanproof --help lists the commands' : `did you mean ${near}?`;
  return usage(`there is no command ${JSON.stringify(first)}`, hint);
}

function processIo(): Io {
  return {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    env: process.env,
  };
}
