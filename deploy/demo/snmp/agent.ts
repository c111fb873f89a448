import { encodeAround, encodeVarbind, PDU, type SnmpMessage, type SnmpVarbind } from './ber.ts';
import { decodeMessage } from './ber-decode.ts';
import type { Mib } from './mib.ts';

/** Message size of most switches: one Ethernet frame without IP and UDP headers, bytes. */
export const MESSAGE_BYTES_MAX = 1_472;
const V1 = 0;
const V2C = 1;
const TOO_BIG = 1;
const NO_SUCH_NAME = 2;
/** Room for the shell around the varbinds, besides the community, bytes. */
const SHELL_BYTES = 40;
/** Largest number of varbinds that one request may cause; the message size cuts far earlier. */
const VARBINDS_MAX = 5_000;

/** Ways in which a simulated agent breaks the rules of its protocol. */
export interface AgentFaults {
  /** Every GETNEXT and GETBULK finds one more row of the same column. */
  readonly endless?: boolean;
  /** GETNEXT and GETBULK answer with the very OID that was asked for. */
  readonly same?: boolean;
  /** tooBig where more than this many varbinds are asked for. */
  readonly too_big_above?: number;
  /** GETBULK is answered with no varbind at all. */
  readonly empty?: boolean;
  /** GETBULK is never answered. */
  readonly no_bulk?: boolean;
}

export interface AgentSettings {
  readonly community: string;
  readonly mib: Mib;
  readonly message_bytes_max: number;
  readonly faults: AgentFaults;
}

function successor({ mib, faults }: AgentSettings, oid: string): SnmpVarbind | undefined {
  if (faults.same === true) return { oid, value: mib.next(oid)?.value ?? { type: 'null' } };
  if (faults.endless === true) {
    const arcs = oid.split('.');
    // Columns of ifXTable have 11 arcs, those of ifTable 10.
    const is_row = arcs.length > (oid.startsWith('1.3.6.1.2.1.31.') ? 11 : 10);
    const next = is_row ? [...arcs.slice(0, -1), String(Number(arcs.at(-1)) + 1)] : [...arcs, '1'];
    return { oid: next.join('.'), value: { type: 'counter32', value: 1 } };
  }
  return mib.next(oid);
}

function* bulk(settings: AgentSettings, request: SnmpMessage): Generator<SnmpVarbind> {
  const end = { type: 'end_of_mib_view' } as const;
  const once = request.varbinds.slice(0, Math.max(request.status, 0));
  for (const { oid } of once) yield successor(settings, oid) ?? { oid, value: end };
  let row = request.varbinds.slice(once.length).map(({ oid }) => oid);
  for (let i = 0; i < request.index && row.length > 0; i++) {
    const found = row.map((oid) => successor(settings, oid) ?? { oid, value: end });
    yield* found;
    if (found.every(({ value }) => value.type === 'end_of_mib_view')) return;
    row = found.map(({ oid }) => oid);
  }
}

function single(settings: AgentSettings, request: SnmpMessage, oid: string): SnmpVarbind {
  if (request.pdu_type === PDU.GETNEXT) {
    let next = successor(settings, oid);
    // SNMPv1 has no Counter64: such objects are passed over (RFC 3584 §4.2.2.1).
    while (request.version === V1 && next?.value.type === 'counter64') {
      next = successor(settings, next.oid);
    }
    return next ?? { oid, value: { type: 'end_of_mib_view' } };
  }
  return { oid, value: settings.mib.get(oid) ?? { type: 'no_such_instance' } };
}

function refusal(request: SnmpMessage, status: number, index: number): Uint8Array {
  const varbinds = status === TOO_BIG && request.version !== V1 ? [] : request.varbinds;
  const header = { ...request, pdu_type: PDU.RESPONSE, status, index };
  return encodeAround(header, varbinds.map(encodeVarbind));
}

/**
 * Answers one datagram as an SNMP agent does (RFC 3416 §4.2), cutting GETBULK answers to the
 * message size. Undefined: no answer (wrong community, not SNMP, unsupported).
 */
export function answer(settings: AgentSettings, datagram: Uint8Array): Uint8Array | undefined {
  let request: SnmpMessage;
  try {
    request = decodeMessage(datagram);
  } catch {
    return undefined;
  }
  const { faults } = settings;
  const is_bulk = request.pdu_type === PDU.GETBULK;
  const known = is_bulk || request.pdu_type === PDU.GET || request.pdu_type === PDU.GETNEXT;
  if (request.community !== settings.community || !known) return undefined;
  if (request.version !== V1 && request.version !== V2C) return undefined;
  if (is_bulk && (request.version === V1 || faults.no_bulk === true)) return undefined;
  const asked = request.varbinds.length * (is_bulk ? Math.max(request.index, 1) : 1);
  if (asked > (faults.too_big_above ?? VARBINDS_MAX)) return refusal(request, TOO_BIG, 0);
  const header = { ...request, pdu_type: PDU.RESPONSE, status: 0, index: 0 };
  if (is_bulk && faults.empty === true) return encodeAround(header, []);
  const found = is_bulk
    ? bulk(settings, request)
    : request.varbinds.map(({ oid }) => single(settings, request, oid));
  const encoded: Uint8Array[] = [];
  let size = SHELL_BYTES + request.community.length;
  for (const varbind of found) {
    const is_missing = varbind.value.type.startsWith('no_such') || isEnd(varbind);
    if (request.version === V1 && (is_missing || varbind.value.type === 'counter64')) {
      return refusal(request, NO_SUCH_NAME, encoded.length + 1);
    }
    const bytes = encodeVarbind(varbind);
    size += bytes.length;
    if (size > settings.message_bytes_max) {
      if (is_bulk) break;
      return refusal(request, TOO_BIG, 0);
    }
    encoded.push(bytes);
  }
  return encodeAround(header, encoded);
}

function isEnd({ value }: SnmpVarbind): boolean {
  return value.type === 'end_of_mib_view';
}
