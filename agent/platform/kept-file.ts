import { closeSync, openSync, readSync } from 'node:fs';

/** Files of /proc and /sys that are read several times a second are one short line. */
const LINE_BYTES_MAX = 256;

/**
 * Reads one line of a kernel file again and again through one open file: a third of the cost of
 * opening it each time. The kernel makes the text anew for each read from its beginning. Null
 * where it cannot be read; it is then opened anew by the next read.
 */
export class KeptFile {
  readonly #path: string;
  readonly #buffer = Buffer.allocUnsafe(LINE_BYTES_MAX);
  #file: number | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  read(): string | null {
    // A device that came back under its old name is another file: the second try opens that.
    const kept = this.#file !== null;
    return this.#once() ?? (kept ? this.#once() : null);
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #once(): string | null {
    try {
      this.#file ??= openSync(this.#path, 'r');
      const bytes = readSync(this.#file, this.#buffer, 0, LINE_BYTES_MAX, 0);
      return this.#buffer.toString('latin1', 0, bytes);
    } catch {
      this.close();
      return null;
    }
  }
}
