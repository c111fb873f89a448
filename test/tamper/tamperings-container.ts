/** Whoever has the file in hand, and no key. */
import { concat, utf8 } from '../../shared/bytes.ts';
import { crc32 } from '../../shared/evidence/bundle/crc32.ts';
import {
  type CentralRecord,
  centralEntry,
  endRecord,
  localHeader,
} from '../../shared/evidence/bundle/zip-format.ts';
import { generateSigner } from '../../shared/node/crypto.ts';
import { edit, type Parts, putTogether, resign } from '../support/tamper.ts';
import { EVIL } from './auditors.ts';
import type { Tampering } from './tampering.ts';

const NONE = { keys: [] } as const;
/** A local header and a central entry both begin with these, at 4 and 6 bytes. */
const METHOD = { local: 8, central: 10 } as const;

interface RawEntry {
  readonly name: string;
  readonly data: Uint8Array;
}

/** A zip of any entries in any order, with any headers: what `layOut` would refuse to write. */
function rawZip(
  entries: readonly RawEntry[],
  change: (local: Uint8Array, central: Uint8Array, at: number) => void = () => {},
): Uint8Array {
  const bodies: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let header = 0;
  for (const [at, { name, data }] of entries.entries()) {
    const record: CentralRecord = { name, size: data.length, crc32: crc32(data), header };
    const [one, other] = [localHeader(record), centralEntry(record)];
    change(one, other, at);
    bodies.push(one, data);
    central.push(other);
    header += one.length + data.length;
  }
  const directory = concat(...central);
  const end = { entries: entries.length, central: header, central_bytes: directory.length };
  return concat(...bodies, directory, endRecord(end));
}

function entriesOf(parts: Parts): RawEntry[] {
  return [...parts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, data]) => ({ name, data }));
}

/** An entry more, behind the one that it imitates. */
function withEntry(parts: Parts, name: string, data: Uint8Array): RawEntry[] {
  return [...entriesOf(parts), { name, data }].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function firstBatches(parts: Parts): Uint8Array {
  const name = [...parts.keys()].find((one) => one.startsWith('batches/')) ?? '';
  return parts.get(name) ?? new Uint8Array();
}

export const CONTAINER_TAMPERINGS: readonly Tampering[] = [
  {
    what: 'One bit of a batch is flipped',
    ...NONE,
    async make({ parts }) {
      const found = await parts();
      const bytes = firstBatches(found);
      bytes[500] = (bytes[500] ?? 0) ^ 1;
      return putTogether(found);
    },
    named: 'FILE_DIGEST',
  },
  {
    what: 'One digit of the figures is another',
    ...NONE,
    async make({ parts }) {
      const found = await parts();
      edit(found, 'figures.json', (text) => text.replace(/"outages":\d/, '"outages":0'));
      return putTogether(found);
    },
    named: 'FILE_DIGEST',
  },
  {
    what: 'The verifier in the bundle is exchanged',
    ...NONE,
    make: async ({ parts }) => putTogether((await parts()).set('verify.mjs', EVIL)),
    named: 'FILE_DIGEST',
  },
  {
    what: 'A file is added that the manifest does not name',
    ...NONE,
    make: async ({ parts }) => putTogether((await parts()).set('verify.html', EVIL)),
    named: 'FILE_EXTRA',
  },
  {
    what: 'A file is taken out',
    ...NONE,
    async make({ parts }) {
      const found = await parts();
      found.delete('readme.vi.txt');
      return putTogether(found);
    },
    named: 'FILE_MISSING',
  },
  {
    what: 'A file is altered, and the manifest signed with a key of one’s own',
    keys: ['own'],
    async make({ parts }) {
      const found = await parts();
      edit(found, 'figures.json', (text) => text.replace(/"outages":\d/, '"outages":0'));
      return resign(found, generateSigner().signer);
    },
    named: 'MANIFEST_SIGNATURE',
  },
  {
    what: 'Zip: two entries of one name',
    ...NONE,
    make: async ({ parts }) => rawZip(withEntry(await parts(), 'figures.json', utf8('{}'))),
    named: 'ZIP_FORMAT',
  },
  {
    what: 'Zip: a name that leads out of the folder',
    ...NONE,
    make: async ({ parts }) => rawZip(withEntry(await parts(), '../../verify.mjs', EVIL)),
    named: 'ZIP_FORMAT',
  },
  {
    what: 'Zip: the same name in capitals, for a disk that does not tell them apart',
    ...NONE,
    make: async ({ parts }) => rawZip(withEntry(await parts(), 'Figures.json', utf8('{}'))),
    named: 'ZIP_FORMAT',
  },
  {
    what: 'Zip: a bomb, an entry that claims to be deflated to a thousandth',
    ...NONE,
    make: async ({ parts }) =>
      rawZip(entriesOf(await parts()), (local, central, at) => {
        if (at !== 0) return;
        new DataView(local.buffer).setUint16(METHOD.local, 8, true);
        new DataView(central.buffer).setUint16(METHOD.central, 8, true);
        new DataView(central.buffer).setUint32(24, 0xffff_fff0, true);
      }),
    named: 'ZIP_FORMAT',
  },
  {
    what: 'Zip: entries that overlap, each the whole of the others',
    ...NONE,
    make: async ({ parts }) =>
      rawZip(entriesOf(await parts()), (_, central, at) => {
        if (at > 0) new DataView(central.buffer).setUint32(42, 0, true);
      }),
    named: 'ZIP_FORMAT',
  },
  {
    what: 'Zip: the local header names another file than the directory',
    ...NONE,
    make: async ({ parts }) =>
      rawZip(entriesOf(await parts()), (local, _, at) => {
        if (at === 2) local[30] = (local[30] ?? 0) ^ 1;
      }),
    named: 'ZIP_FORMAT',
  },
  {
    what: 'Zip: a program in front of the first entry',
    ...NONE,
    make: ({ bundle }) => concat(utf8('#!/bin/sh\n'), bundle),
    named: 'ZIP_FORMAT',
  },
  {
    what: 'Zip: bytes behind the end',
    ...NONE,
    make: ({ bundle }) => concat(bundle, utf8('x')),
    named: 'ZIP_FORMAT',
  },
  {
    what: 'Zip: cut off in the middle',
    ...NONE,
    make: ({ bundle }) => bundle.slice(0, bundle.length >> 1),
    named: 'ZIP_FORMAT',
  },
  {
    what: 'Zip: another checksum than the data has',
    ...NONE,
    make: async ({ parts }) =>
      rawZip(entriesOf(await parts()), (local, central, at) => {
        if (at !== 0) return;
        local[14] = (local[14] ?? 0) ^ 1;
        central[16] = (central[16] ?? 0) ^ 1;
      }),
    named: 'FILE_CRC',
  },
];
