import { existsSync, writeFileSync } from 'node:fs';
import type { SnmpSession } from '../../../agent/snmp/session.ts';
import { TAG } from '../../../agent/snmp/value.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { parseAddress } from '../../../shared/measure/address.ts';
import {
  type Arguments,
  type Command,
  EXIT_FAILED,
  EXIT_OK,
  type Io,
  readArguments,
  usage,
} from '../command.ts';
import { isPortClosed } from '../probe/closed-port.ts';
import {
  ALLOW_OPTIONS,
  ALLOW_USAGE,
  createContext,
  type ProbeContext,
} from '../probe/probe-context.ts';
import { SNMP_OPTIONS, SNMP_USAGE, sessionOf, snmpTargetOf, whole } from '../probe/snmp-options.ts';
import { stopSignal } from '../stop-signal.ts';
import { softwareVersion } from '../version.ts';
import { maskRows } from './record-mask.ts';
import { LEFT_OUT, STANDARD_ROOTS, VENDOR_ROOT } from './record-rules.ts';
import { type RecordedRow, type RecordLimits, walkAll } from './record-walk.ts';

/** A stack of eight has some 35,000 objects; its MAC table may double that. */
const ROWS_DEFAULT = 200_000;
const ROWS_MAX = 1_000_000;
/** Requests of one object each at the worst, and those that find an empty or a left-out tree. */
const PDUS_PER_ROW = 1;
const PDUS_BESIDES = 1_000;
const MINUTES_DEFAULT = 15;
const MINUTES_MAX = 240;
const MINUTE_MS = 60_000;
const PROGRESS_MS = 2_000;
const FILE_MODE = 0o600;

const OPTIONS = {
  ...ALLOW_OPTIONS,
  ...SNMP_OPTIONS,
  out: { type: 'string' },
  rows: { type: 'string' },
  minutes: { type: 'string' },
  vendor: { type: 'boolean' },
} as const;

export const recordCommand: Command = {
  summary: 'record what a device tells by SNMP, names and addresses masked',
  usage: `lanproof record TARGET [--out FILE] [--vendor]
  Walks a device by SNMP and writes what it tells as text (OID|TAG|VALUE, as the program snmpsim
  reads it), so that an odd switch can be studied by somebody who does not have it. Names,
  contacts, serials, MACs and addresses are replaced, the same input by the same stand-in in the
  whole file; tables of neighbours, routes, connections, SNMP users and programs are not asked
  for. One request at a time; it ends by itself. Ctrl-C keeps what there is.
  Look at the file before you give it away.

  --out FILE        default recording.snmprec; a file that exists is not overwritten
  --vendor          the vendor's own tree, too; of its texts none is kept
  --rows N          objects at most, default ${ROWS_DEFAULT}
  --minutes N       minutes at most, default ${MINUTES_DEFAULT}
${ALLOW_USAGE}
${SNMP_USAGE}

  Exit codes: 0 the whole device, 1 less or nothing (it says why), 2 used wrongly`,
  async run(args, io) {
    const parsed = readArguments(args, OPTIONS, ['TARGET']);
    const [address = ''] = parsed.words;
    if (parseAddress(address) === undefined) throw usage('TARGET is no IP address');
    const out = parsed.text('out') ?? 'recording.snmprec';
    if (existsSync(out)) throw exists(out);
    const limits = limitsOf(parsed);
    const target = snmpTargetOf(parsed, io, address);
    const stop = stopSignal();
    try {
      const context = createContext(parsed, io, stop.signal);
      context.permit(address, 'snmp');
      const session = sessionOf(context, target);
      try {
        const roots = rootsOf(parsed);
        const { port } = target;
        return await record(session, { context, io, limits, address, port, out, roots });
      } finally {
        session.close();
      }
    } finally {
      stop.release();
    }
  },
};

interface Wanted {
  readonly context: ProbeContext;
  readonly io: Io;
  readonly limits: RecordLimits;
  readonly address: string;
  readonly port: number;
  /** The file to write. */
  readonly out: string;
  readonly roots: readonly string[];
}

async function record(session: SnmpSession, wanted: Wanted): Promise<number> {
  const { context, io, limits, address, port, out, roots } = wanted;
  let told_ms = context.now_ms();
  const progress = (rows: number, pdus: number, oid: string): void => {
    if (context.now_ms() - told_ms < PROGRESS_MS) return;
    told_ms = context.now_ms();
    io.err(`${rows} objects by ${pdus} requests, now at ${tree(oid)}`);
  };
  const plan = { roots, left_out: LEFT_OUT, limits, progress };
  const { rows, pdus, cut, silent } = await walkAll(session, plan, context.stop);
  if (silent && !context.stop.aborted) {
    throw unanswered(address, (await isPortClosed(address, port, context.stop)) ? port : undefined);
  }
  if (rows.length === 0) throw nothing(address, cut);
  write(out, maskRows(rows, [address]), cut);
  io.err(`${rows.length} objects by ${pdus} requests; look at the file before you send it`);
  if (cut !== undefined) io.err(`not the whole device: ${cut}`);
  io.out(out);
  return cut === undefined ? EXIT_OK : EXIT_FAILED;
}

function rootsOf(parsed: Arguments): readonly string[] {
  return [...STANDARD_ROOTS, ...(parsed.flag('vendor') ? [VENDOR_ROOT] : [])];
}

function limitsOf(parsed: Arguments): RecordLimits {
  const rows_max = whole(parsed.text('rows') ?? String(ROWS_DEFAULT), 'rows', 1, ROWS_MAX);
  const minutes = parsed.text('minutes') ?? String(MINUTES_DEFAULT);
  const ms_max = whole(minutes, 'minutes', 1, MINUTES_MAX) * MINUTE_MS;
  return { rows_max, pdus_max: rows_max * PDUS_PER_ROW + PDUS_BESIDES, ms_max };
}

/** Where in the tree, without the index, which may hold an address. */
function tree(oid: string): string {
  return oid.split('.').slice(0, 9).join('.');
}

function exists(out: string): LanProofError {
  return new LanProofError('RECORD_EXISTS', 'the file exists already', {
    hint: 'give another name by --out',
    place: out,
  });
}

function unanswered(address: string, closed_port: number | undefined): LanProofError {
  const why = closed_port === undefined ? '' : `: its UDP port ${closed_port} is closed`;
  const message = `the device did not answer to SNMP at all${why}`;
  return new LanProofError('RECORD_NO_ANSWER', message, {
    hint:
      'look at the community or the user and its keys, the version, the port, and whether the ' +
      `device lets this machine ask; lanproof probe snmp ${address} --debug shows each step`,
    place: address,
    fatal: false,
  });
}

function nothing(address: string, cut: string | undefined): LanProofError {
  return new LanProofError('RECORD_EMPTY', cut ?? 'the device tells nothing', {
    hint: `see why: lanproof probe snmp ${address} --debug with the same options`,
    place: address,
    fatal: false,
  });
}

function write(path: string, rows: readonly RecordedRow[], cut: string | undefined): void {
  const head = [
    `# lanproof ${softwareVersion()} recording, ${rows.length} objects, masked`,
    ...(cut === undefined ? [] : ['# not the whole device']),
  ];
  const lines = rows.flatMap((row) =>
    row.disordered === true ? ['# the next object came out of order', line(row)] : [line(row)],
  );
  try {
    // `wx`: never over a file that came meanwhile, nor through a link.
    writeFileSync(path, `${[...head, ...lines].join('\n')}\n`, { mode: FILE_MODE, flag: 'wx' });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'error';
    throw new LanProofError('RECORD_UNWRITABLE', `the file cannot be written (${code})`, {
      hint: 'give another place by --out',
      place: path,
      cause,
    });
  }
}

/** Text that a person can read stands as it is; anything else in hexadecimal. */
function line({ oid, type, value }: RecordedRow): string {
  if (!(value instanceof Uint8Array)) return `${oid}|${type}|${value}`;
  const text = Buffer.from(value).toString('latin1');
  const plain = type === TAG.OCTET_STRING && /^[ -~]*$/.test(text);
  return plain ? `${oid}|${type}|${text}` : `${oid}|${type}x|${Buffer.from(value).toString('hex')}`;
}
