import { HEAD, PaperReader } from './paper-reader.ts';
import type { TopologyPaper } from './types.ts';

/** Two links beside the attachment for each of 2,000 devices. */
const LINKS_MAX = 4_000;
const BYTES_MAX = 1024 * 1024;
const reader = new PaperReader();

/** Throws LanProofError PAPER_FORMAT with the member's path as place. */
export function parseTopologyPaper(payload: Uint8Array): TopologyPaper {
  const whole = reader.parse(payload, BYTES_MAX);
  const found = reader.members(whole, '', [...HEAD, 'version', 'links']);
  const seen = new Set<string>();
  const links = reader.list(found.links, 'links', LINKS_MAX).map((item, index) => {
    const place = `links[${index}]`;
    const pair = reader.list(item, place, 2);
    const a = reader.assetCode(pair[0], `${place}[0]`);
    const b = reader.assetCode(pair[1], `${place}[1]`);
    if (a === b) reader.fail(place, 'links a device to itself');
    const key = a < b ? `${a} ${b}` : `${b} ${a}`;
    if (seen.has(key)) reader.fail(place, 'stands twice');
    seen.add(key);
    return [a, b] as const;
  });
  return { ...reader.head(found), version: reader.version(found), links };
}
