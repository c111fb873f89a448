import type { SnmpValue } from '../../deploy/demo/snmp/ber.ts';
import { compareOids, createMib, type Mib, type MibEntry } from '../../deploy/demo/snmp/mib.ts';

/**
 * A device as the text format of the program snmpsim keeps it: one object per line,
 * `OID|TAG|VALUE`. TAG is the BER tag in decimal, with `x` where VALUE is hexadecimal, and with
 * `:module` where snmpsim would compute the value.
 */
export interface Recording {
  /** In the order of the file; OIDs may repeat and go backwards as they did on the device. */
  readonly entries: readonly MibEntry[];
  /** Lines left out because their OID was masked by hand (`10.xx.1`). */
  readonly masked: number;
}

/** Last arc of an OID and values of 32-bit types. */
const UINT32_MAX = 2 ** 32 - 1;
const OID = /^[0-2](\.\d{1,10})+$/;
const MASKED_OID = /^\d[0-9x.]*$/;

function refuse(line: number, what: string): never {
  throw new SyntaxError(`line ${line}: ${what}`);
}

function uint32(text: string, line: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > UINT32_MAX) refuse(line, `"${text}" is not 32 bits wide`);
  return value;
}

function addressOf(text: string, line: number): Uint8Array {
  const bytes = text.split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !(byte >= 0 && byte <= 255))) {
    refuse(line, `"${text}" is not an IPv4 address`);
  }
  return Uint8Array.from(bytes);
}

function hexOf(text: string, line: number): Uint8Array {
  if (!/^([0-9a-fA-F]{2})*$/.test(text)) refuse(line, 'the value is not hexadecimal');
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

function hexValue(tag: string, text: string, line: number): SnmpValue {
  const value = hexOf(text, line);
  if (tag === '4') return { type: 'octets', value };
  if (tag === '64' && value.length === 4) return { type: 'ip', value };
  return refuse(line, `type ${tag} cannot be hexadecimal`);
}

function plainValue(tag: string, text: string, line: number): SnmpValue {
  switch (tag) {
    case '2':
      if (!/^-?\d+$/.test(text)) refuse(line, `"${text}" is no integer`);
      return { type: 'integer', value: Number(text) };
    case '4':
      return { type: 'octets', value: Uint8Array.from(Buffer.from(text, 'latin1')) };
    case '5':
      return { type: 'null' };
    case '6':
      return OID.test(text) ? { type: 'oid', value: text } : refuse(line, `"${text}" is no OID`);
    case '64':
      return { type: 'ip', value: addressOf(text, line) };
    case '65':
      return { type: 'counter32', value: uint32(text, line) };
    case '66':
      return { type: 'gauge32', value: uint32(text, line) };
    case '67':
      return { type: 'timeticks', value: uint32(text, line) };
    case '70':
      return { type: 'counter64', value: BigInt(text) };
    default:
      return refuse(line, `type ${tag} is unknown`);
  }
}

/** A value that snmpsim computes, at the instant of its start and without noise. */
function computedValue(tag: string, module: string, text: string, line: number): SnmpValue {
  const parameters = new Map(
    text.split(',').map((pair): [string, string] => {
      const [key = '', ...value] = pair.split('=');
      return [key, value.join('=')];
    }),
  );
  if (module === 'numeric') {
    const number = (key: string, otherwise: number): number =>
      Number(parameters.get(key) ?? otherwise);
    const value = number('initial', 0) + number('offset', 0);
    const limited = Math.min(Math.max(value, number('min', 0)), number('max', UINT32_MAX));
    return plainValue(tag, String(Math.trunc(limited)), line);
  }
  if (module === 'writecache') {
    const hex = parameters.get('hexvalue');
    return hex === undefined
      ? plainValue(tag, parameters.get('value') ?? '', line)
      : hexValue(tag, hex, line);
  }
  return refuse(line, `module ${module} is unknown`);
}

/** Reads a recording; throws a SyntaxError with the number of the line that it cannot read. */
export function parseSnmprec(bytes: Uint8Array): Recording {
  const entries: MibEntry[] = [];
  let masked = 0;
  // Text of devices is bytes; latin1 keeps each as one character.
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  for (const [i, raw] of lines.entries()) {
    const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (text === '' || text.startsWith('#')) continue;
    const [, oid = '', tag = '', hex, module, value = ''] =
      /^([^|]+)\|(\d+)(x?)(?::(\w+))?\|(.*)$/s.exec(text) ?? refuse(i + 1, 'no OID|TAG|VALUE');
    if (!OID.test(oid)) {
      if (!MASKED_OID.test(oid)) refuse(i + 1, `"${oid}" is no OID`);
      masked++;
      continue;
    }
    if (module !== undefined) entries.push([oid, computedValue(tag, module, value, i + 1)]);
    else entries.push([oid, (hex === 'x' ? hexValue : plainValue)(tag, value, i + 1)]);
  }
  return { entries, masked };
}

/** What an honest agent serves of it: sorted, each OID once, its last value. */
export function sortedMib(recording: Recording): Mib {
  return createMib(recording.entries);
}

/**
 * What the recorded device itself served: after an OID comes the line that follows it in the
 * file, so rows repeat and go backwards.
 */
export function fileOrderMib({ entries }: Recording): Mib {
  const rows = entries.map(([oid, value]) => ({
    oid,
    arcs: oid.split('.').map(Number),
    value: typeof value === 'function' ? value() : value,
  }));
  const places = new Map<string, number>();
  for (const [i, { oid }] of rows.entries()) if (!places.has(oid)) places.set(oid, i);
  return {
    get: (oid) => rows[places.get(oid) ?? -1]?.value,
    next(oid) {
      const place = places.get(oid);
      if (place !== undefined) return rows[place + 1];
      const arcs = oid.split('.').map(Number);
      return rows.find((row) => compareOids(row.arcs, arcs) > 0);
    },
  };
}
