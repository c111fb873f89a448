/** documents.ndjson: control documents, one JSON object a line. */
import { bundleFormat } from './format-error.ts';
import { type Line, linesOf } from './lines.ts';
import { type BundleDocument, type LeafPlace, LOG_LEAVES_MAX, LOGS_MAX } from './types.ts';

/** One line, newline included. */
export function documentLine({ log, leaf, text }: BundleDocument): string {
  return `${JSON.stringify({ log, leaf, text })}\n`;
}

/** The whole file; documents stand in the order of their leaves. */
export function formatDocuments(documents: Iterable<BundleDocument>): string {
  let text = '';
  for (const document of documents) text += documentLine(document);
  return text;
}

/**
 * Reads the file; envelopes are not opened. Throws LanProofError BUNDLE_FORMAT with file and line
 * on another spelling or order.
 */
export function parseDocuments(text: string, file = 'documents.ndjson'): BundleDocument[] {
  const documents: BundleDocument[] = [];
  for (const line of linesOf(text, file)) {
    const document = readDocument(line);
    const last = documents.at(-1);
    if (last !== undefined && !isBehind(document, last)) {
      throw bundleFormat(line.place, 'documents are not in the order of their leaves');
    }
    documents.push(document);
  }
  return documents;
}

function readDocument({ text, place }: Line): BundleDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw bundleFormat(place, 'not JSON', cause);
  }
  const {
    log,
    leaf,
    text: envelope,
  } = Object.assign({ log: undefined, leaf: undefined, text: undefined }, value);
  if (
    !isPlace(log, 1, LOGS_MAX) ||
    !isPlace(leaf, 0, LOG_LEAVES_MAX - 1) ||
    !(envelope === null || isText(envelope))
  ) {
    throw bundleFormat(place, 'not {"log","leaf","text"}');
  }
  const document = { log, leaf, text: envelope };
  if (documentLine(document) !== `${text}\n`) {
    throw bundleFormat(place, 'another spelling of a document');
  }
  return document;
}

/** Whether one leaf stands behind another: by log, then by index. */
export function isBehind(a: LeafPlace, b: LeafPlace): boolean {
  return a.log === b.log ? a.leaf > b.leaf : a.log > b.log;
}

function isPlace(value: unknown, from: number, to: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= from && Number(value) <= to;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
