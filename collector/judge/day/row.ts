import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { equalBytes, fromUtf8, utf8 } from '../../../shared/bytes.ts';
import type { JudgedWindow, SiteCarry } from '../../../shared/judge/day/types.ts';
import type { DayStoreRow } from '../../store/rows-judgement.ts';

/** A stored day is far smaller; more than this is a damaged row, bytes. */
const INFLATED_BYTES_MAX = 32 * 1024 * 1024;

type PackedDay = Pick<DayStoreRow, 'intervals' | 'incidents' | 'findings' | 'carry'>;

export function packDay(kept: JudgedWindow, carry: SiteCarry): PackedDay {
  return {
    intervals: pack(kept.intervals),
    incidents: pack(kept.incidents),
    findings: pack(kept.findings),
    carry: pack(carry),
  };
}

export function unpackDay(row: DayStoreRow): JudgedWindow {
  return {
    from_ms: row.day_ms,
    to_ms: row.end_ms,
    // These three were packed by packDay of the same version of the rules.
    intervals: unpack(row.intervals) as JudgedWindow['intervals'],
    incidents: unpack(row.incidents) as JudgedWindow['incidents'],
    findings: unpack(row.findings) as JudgedWindow['findings'],
  };
}

/** Incidents alone: intervals are the larger part of a day. */
export function unpackIncidents(row: Pick<DayStoreRow, 'incidents'>): JudgedWindow['incidents'] {
  return unpack(row.incidents) as JudgedWindow['incidents'];
}

export function unpackCarry(row: Pick<DayStoreRow, 'carry'>): SiteCarry {
  return unpack(row.carry) as SiteCarry;
}

function pack(value: unknown): Uint8Array {
  return new Uint8Array(deflateRawSync(utf8(JSON.stringify(value))));
}

/** Most days have no incident and no finding: an inflater for nothing is the dearest part. */
const NOTHING = pack([]);

function unpack(bytes: Uint8Array): unknown {
  if (equalBytes(bytes, NOTHING)) return [];
  const json = inflateRawSync(bytes, { maxOutputLength: INFLATED_BYTES_MAX });
  return JSON.parse(fromUtf8(new Uint8Array(json.buffer, json.byteOffset, json.length)));
}
