/** Writes leaves, documents and batches of a bundle file by file, and tells of each meanwhile. */
import { join } from 'node:path';
import { LanProofError } from '../../../shared/errors.ts';
import { encodeBatch } from '../../../shared/evidence/bundle/batches.ts';
import { documentLine, isBehind } from '../../../shared/evidence/bundle/documents.ts';
import { leafLine, leavesHead } from '../../../shared/evidence/bundle/leaves.ts';
import { batchesName, DOCUMENTS_NAME, logFileName } from '../../../shared/evidence/bundle/names.ts';
import type { BundleBatch, BundleLeaf } from '../../../shared/evidence/bundle/types.ts';
import type { BatchHeader } from '../../../shared/measure/batch.ts';
import type { BatchRow } from '../../store/rows.ts';
import type { EvidenceReads } from '../../store/store-evidence.ts';
import { type LogNeeds, noteSize } from './log-files.ts';
import type { PlacedDocument } from './scope.ts';
import { type FileWriter, openWriter, type StagedFile } from './staged-file.ts';
import type { StretchBatch } from './stretch.ts';

/** Sections that a masked bundle shows. */
const PUBLIC_SECTION = 'infra';
/** Codes of a body that is not there any more. */
const GONE: ReadonlySet<string> = new Set(['BODY_MISSING', 'BODY_PRUNED']);

export interface StageOptions {
  readonly store: Pick<EvidenceReads, 'readBody'>;
  readonly folder: string;
  readonly masked: boolean;
  /** By the origin of each log. */
  readonly needs: ReadonlyMap<string, LogNeeds>;
  /**
   * Both hear in leaf order; `batch` is whole, `shown` is what stands in the bundle.
   */
  readonly onDocument: (document: PlacedDocument) => void;
  readonly onBatch: (leaf: BundleLeaf, batch: BundleBatch, shown: BundleBatch) => void;
  readonly breathe: () => Promise<void>;
}

export interface Staged {
  readonly files: readonly StagedFile[];
  readonly batches: number;
  /** Parts of `endpoints` that are gone although nothing is masked. */
  readonly endpoints_gone: number;
}

/** `documents` and `batches` stand in leaf order, each; files are numbered in `folder`. */
export async function stageLeaves(
  options: StageOptions,
  documents: readonly PlacedDocument[],
  batches: AsyncIterable<StretchBatch>,
): Promise<Staged> {
  const files: StagedFile[] = [];
  const writers = new Writers(options.folder, files);
  try {
    const texts = await writers.open('documents', DOCUMENTS_NAME);
    const leaves = await openLeaves(options, writers);
    const put = async (leaf: BundleLeaf): Promise<void> => {
      needOf(options, leaf.log)?.leaves.push(leaf.leaf);
      await leaves.get(leaf.log)?.(leaf);
    };
    let next = 0;
    const documentsBefore = async (leaf: BundleLeaf | null): Promise<void> => {
      for (; next < documents.length; next++) {
        const document = documents[next];
        if (document === undefined || (leaf !== null && isBehind(document.leaf, leaf))) return;
        await put(document.leaf);
        const hidden = options.masked && document.leaf.kind === 'note';
        const { log, leaf: index } = document.leaf;
        await texts.write(documentLine({ log, leaf: index, text: hidden ? null : document.text }));
        options.onDocument(document);
      }
    };
    const days = createDays(writers);
    let [count, gone] = [0, 0];
    for await (const { row, header } of batches) {
      const leaf = leafOf(row);
      await documentsBefore(leaf);
      const batch = await readBatch(options.store, row);
      const shown = options.masked ? maskedBatch(row, batch) : batch;
      const lost = row.sections.findIndex(({ name }) => name === 'endpoints');
      if (lost >= 0 && batch.sections[lost] === null) gone += 1;
      await put(leaf);
      await days.put(leaf, shown);
      noteSeen(options, header);
      options.onBatch(leaf, batch, shown);
      count += 1;
      await options.breathe();
    }
    await documentsBefore(null);
    await writers.finish();
    return { files, batches: count, endpoints_gone: gone };
  } finally {
    await writers.close();
  }
}

/** Open files of the stage by a key; a key that is opened again ends its former file. */
class Writers {
  readonly #folder: string;
  readonly #files: StagedFile[];
  readonly #open = new Map<string, FileWriter>();
  #count = 0;

  constructor(folder: string, files: StagedFile[]) {
    this.#folder = folder;
    this.#files = files;
  }

  async open(key: string, name: string): Promise<FileWriter> {
    const before = this.#open.get(key);
    if (before !== undefined) this.#files.push(await before.finish());
    this.#count += 1;
    const writer = await openWriter(join(this.#folder, `leaves-${this.#count}`), name);
    this.#open.set(key, writer);
    return writer;
  }

  async finish(): Promise<void> {
    for (const writer of this.#open.values()) this.#files.push(await writer.finish());
    this.#open.clear();
  }

  async close(): Promise<void> {
    for (const writer of this.#open.values()) await writer.close();
  }
}

async function openLeaves(
  { needs }: StageOptions,
  writers: Writers,
): Promise<Map<number, (leaf: BundleLeaf) => Promise<void>>> {
  const out = new Map<number, (leaf: BundleLeaf) => Promise<void>>();
  for (const { head } of needs.values()) {
    const writer = await writers.open(`leaves ${head.log}`, logFileName(head.log, 'leaves'));
    await writer.write(leavesHead(head));
    out.set(head.log, (leaf) => writer.write(leafLine(leaf)));
  }
  return out;
}

/** The file of each day. */
function createDays(writers: Writers) {
  let writer: FileWriter | null = null;
  let name = '';
  let newest_ms = 0;
  return {
    async put(leaf: BundleLeaf, batch: BundleBatch): Promise<void> {
      newest_ms = Math.max(newest_ms, leaf.recv_ms);
      const today = batchesName(newest_ms);
      if (writer === null || today !== name) {
        name = today;
        writer = await writers.open('batches', name);
      }
      await writer.write(encodeBatch(batch));
    },
  };
}

function needOf({ needs }: StageOptions, log: number): LogNeeds | undefined {
  return [...needs.values()].find(({ head }) => head.log === log);
}

function noteSeen({ needs }: StageOptions, header: BatchHeader | null): void {
  const seen = header?.seen;
  if (seen?.checkpoint !== undefined) noteSize(needs.get(seen.log), seen.size);
}

function leafOf({ site, agent, epoch, seq, hash, recv_ms, log, leaf }: BatchRow): BundleLeaf {
  return { log, leaf, kind: 'batch', site, agent, epoch, seq, hash, recv_ms };
}

/** A body that is gone is withheld: it must not stop a report. */
async function readBatch(store: StageOptions['store'], row: BatchRow): Promise<BundleBatch> {
  const sections: (Uint8Array | null)[] = [];
  for (const ref of row.sections) {
    try {
      const bytes = await store.readBody(ref);
      sections.push(bytes.length === 0 ? null : bytes);
    } catch (error) {
      if (!(error instanceof LanProofError) || !GONE.has(error.code)) throw error;
      sections.push(null);
    }
  }
  return { header: row.header, signature: row.signature, sections };
}

function maskedBatch(row: BatchRow, batch: BundleBatch): BundleBatch {
  const sections = batch.sections.map((section, at) =>
    row.sections[at]?.name === PUBLIC_SECTION ? section : null,
  );
  return { ...batch, sections };
}
