import { TAG } from '../../../agent/snmp/value.ts';
import { follows } from '../../../agent/snmp/varbinds.ts';
import { Masks } from './record-masks.ts';
import { isPortName, macAt, ruleOf, type TextRule } from './record-rules.ts';
import { IP_ADDRESS, type RecordedRow } from './record-walk.ts';

/** Before this arc an OID names a column, not a row. */
const FIRST_INDEX_ARC = 8;
const MAC_BYTES = 6;
const IP_ARCS = 4;
/** A bridge id is a priority of 2 bytes and a MAC (IEEE 802.1D). */
const BRIDGE_ID_BYTES = 8;
const BRIDGE_IDS = ['1.3.6.1.2.1.17.2.5', '1.3.6.1.2.1.17.2.15.1.6', '1.3.6.1.2.1.17.2.15.1.8'];
/** Flags and small numbers: nobody is named by so little. */
const HARMLESS_BYTES_MAX = 2;

interface MaskedRow {
  readonly row: RecordedRow;
  readonly index_masked: boolean;
}

/**
 * Rows without names, serials, MACs and addresses, in the order of the device. Where a masked
 * address stands in OIDs, those rows are put in order again. `extra` are texts that are masked
 * wherever they stand, e.g. the device's own address.
 */
export function maskRows(rows: readonly RecordedRow[], extra: readonly string[]): RecordedRow[] {
  const masks = new Masks();
  for (const address of extra) masks.address(address);
  for (const row of rows) learn(masks, row);
  return inOrder(rows.map((row) => maskRow(masks, row)));
}

/** First all that must not be seen is known, so that it is found inside other texts and OIDs. */
function learn(masks: Masks, row: RecordedRow): void {
  const arcs = row.oid.split('.');
  const mac = macAt(row.oid, arcs);
  if (mac >= 0) masks.mac(hexOfArcs(arcs.slice(mac, mac + MAC_BYTES)));
  maskValue(masks, row);
}

function maskRow(masks: Masks, row: RecordedRow): MaskedRow {
  const oid = maskOid(masks, row.oid);
  const value = maskValue(masks, row);
  return { row: { ...row, oid, value }, index_masked: oid !== row.oid };
}

function maskOid(masks: Masks, oid: string): string {
  const arcs = oid.split('.');
  const certain = macAt(oid, arcs);
  for (let at = FIRST_INDEX_ARC; at < arcs.length; at++) {
    const six = arcs.slice(at, at + MAC_BYTES);
    if (six.length === MAC_BYTES && six.every(isByte)) {
      const hex = hexOfArcs(six);
      if (at === certain || masks.knowsMac(hex)) {
        const masked = masks.mac(hex).match(/../g) ?? [];
        arcs.splice(at, MAC_BYTES, ...masked.map((pair) => String(Number.parseInt(pair, 16))));
        at += MAC_BYTES - 1;
        continue;
      }
    }
    const four = arcs.slice(at, at + IP_ARCS).join('.');
    if (masks.knowsAddress(four)) {
      arcs.splice(at, IP_ARCS, ...masks.address(four).split('.'));
      at += IP_ARCS - 1;
    }
  }
  return arcs.join('.');
}

function maskValue(masks: Masks, { oid, type, value }: RecordedRow): RecordedRow['value'] {
  if (type === IP_ADDRESS) return masks.address(String(value));
  if (type === TAG.OID && typeof value === 'string') return maskOid(masks, value);
  if (!(value instanceof Uint8Array)) return value;
  return type === TAG.OCTET_STRING ? maskBytes(masks, oid, value) : new Uint8Array(value.length);
}

function maskBytes(masks: Masks, oid: string, bytes: Uint8Array): Uint8Array {
  const rule = ruleOf(oid);
  const text = printable(bytes);
  if (bytes.length === 0 || rule === 'bits') return bytes;
  if (bytes.length === MAC_BYTES && (rule === 'mac' || text === undefined)) {
    return Buffer.from(masks.mac(Buffer.from(bytes).toString('hex')), 'hex');
  }
  if (bytes.length === BRIDGE_ID_BYTES && BRIDGE_IDS.some((tree) => oid.startsWith(`${tree}.`))) {
    const mac = masks.mac(Buffer.from(bytes.subarray(2)).toString('hex'));
    return Buffer.concat([bytes.subarray(0, 2), Buffer.from(mac, 'hex')]);
  }
  if (text !== undefined) {
    return Buffer.from(maskText(masks, rule, text), 'utf8');
  }
  return bytes.length <= HARMLESS_BYTES_MAX ? bytes : new Uint8Array(bytes.length);
}

function maskText(masks: Masks, rule: TextRule, text: string): string {
  const port = rule === 'own_port' || rule === 'neighbour_port';
  if (port && isPortName(text)) return text;
  if (rule === 'keep' || rule === 'own_port') return masks.scrub(text);
  return masks.name(text, rule === 'serial' ? 'serial' : 'name');
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The bytes as text, if they are meant so; a NUL at the end is Windows' habit. */
function printable(bytes: Uint8Array): string | undefined {
  try {
    const text = utf8.decode(bytes).replace(/\0+$/, '');
    return /[^\P{Cc}\t\r\n]/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function isByte(arc: string): boolean {
  return Number(arc) <= 255;
}

function hexOfArcs(arcs: readonly string[]): string {
  return arcs.map((arc) => (Number(arc) & 255).toString(16).padStart(2, '0')).join('');
}

/** Runs of rows whose OIDs were masked are sorted; everything else keeps the device's order. */
function inOrder(rows: readonly MaskedRow[]): RecordedRow[] {
  const out: RecordedRow[] = [];
  let run: RecordedRow[] = [];
  const flush = (): void => {
    run.sort((a, b) => (a.oid === b.oid ? 0 : follows(a.oid, b.oid) ? -1 : 1));
    out.push(...run);
    run = [];
  };
  for (const { row, index_masked } of rows) {
    if (index_masked) run.push(row);
    else {
      flush();
      out.push(row);
    }
  }
  flush();
  return out;
}
