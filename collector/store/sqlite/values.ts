/** SQL has no "no site" in a key; the empty text stands for it (no code is empty). */
export const NO_SITE = '';

/** A column of '' that means "none". */
export function textOrNull(text: string): string | null {
  return text === '' ? null : text;
}

/** SQLite gives Buffers; the rest of the house compares plain bytes. */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

export function plainOrNull(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : plain(bytes);
}

export function orNull<Row>(row: Row | undefined): Row | null {
  return row ?? null;
}

export function bit(value: boolean): number {
  return value ? 1 : 0;
}
