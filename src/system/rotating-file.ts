import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";

/**
 * A file that is appended to and never outgrows its limit together with one older part: when it is half
 * of that, it takes the older part's place and begins anew. Written synchronously, so that a killed
 * program's last words are there.
 */
export class RotatingFile implements Disposable {
  readonly #file: string;
  readonly #older: string;
  readonly #partBytesMax: number;
  #descriptor: number;
  #bytes: number;

  /** Throws when the file cannot be opened. */
  constructor(file: string, older: string, bytesMax: number) {
    this.#file = file;
    this.#older = older;
    this.#partBytesMax = bytesMax / 2;
    this.#descriptor = openSync(file, "a");
    this.#bytes = fstatSync(this.#descriptor).size;
  }

  /** Appends a text whole; throws when the disk refuses it. */
  write(text: string): void {
    const data = Buffer.from(text);
    if (this.#bytes > 0 && this.#bytes + data.length > this.#partBytesMax) this.#rotate();
    let written = 0;
    while (written < data.length) written += writeSync(this.#descriptor, data, written);
    this.#bytes += data.length;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  #rotate(): void {
    renameSync(this.#file, this.#older);
    const next = openSync(this.#file, "a");
    closeSync(this.#descriptor);
    this.#descriptor = next;
    this.#bytes = 0;
  }
}
