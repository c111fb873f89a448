import { utf8 } from '../bytes.ts';
import { type IdentitySection, SECTION_INFLATED_BYTES_MAX, TARGETS_MAX } from './batch.ts';
import { IDENTITY_WHATS } from './codes.ts';
import { Strict } from './strict.ts';
import type { TargetList } from './targets.ts';

/** Rows of one batch: all names of all ports of the largest site, said once. */
export const IDENTITY_ROWS_MAX = 100_000;
/** RFC 2579: a DisplayString has 255 octets at most; replacement characters may be longer. */
const VALUE = /^.{0,1024}$/su;
/** RFC 2863: InterfaceIndex. */
const PORT_MAX = 2 ** 31 - 1;

const strict = new Strict(
  'SECTION_FORMAT',
  'no figure reads this section; update the agent that sealed it',
);

export function encodeIdentitySection(section: IdentitySection): Uint8Array {
  return utf8(JSON.stringify(section));
}

/** Throws LanProofError SECTION_FORMAT; `place` is the member's path. */
export function parseIdentitySection(json: Uint8Array, list: TargetList | null): IdentitySection {
  const root = strict.parse(json, SECTION_INFLATED_BYTES_MAX);
  strict.integer(root.v, 'v', 1, 1);
  const last = (list?.targets.length ?? TARGETS_MAX) - 1;
  const rows = strict.list(root.rows, 'rows', IDENTITY_ROWS_MAX).map((item, index) => {
    const place = `rows[${index}]`;
    const row = strict.object(item, place);
    return {
      target: strict.integer(row.target, `${place}.target`, 0, last),
      what: strict.oneOf(row.what, `${place}.what`, IDENTITY_WHATS),
      ...(row.port === undefined
        ? {}
        : { port: strict.integer(row.port, `${place}.port`, 1, PORT_MAX) }),
      value: strict.text(row.value, `${place}.value`, VALUE),
    };
  });
  return { v: 1, rows };
}
