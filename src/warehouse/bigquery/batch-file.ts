import { type FileHandle, open } from "node:fs/promises";

const BUFFER_BYTES = 256 * 1024;

/**
 * A new file that is written in whole messages: what came of one that broke off is taken back. Bytes are
 * gathered in one buffer, since they come in pieces of a few kilobytes.
 */
export class BatchFile implements AsyncDisposable {
  readonly #handle: FileHandle;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #buffered = 0;
  /** What the file itself holds. */
  #written = 0;
  #whole = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async create(file: string): Promise<BatchFile> {
    return new BatchFile(await open(file, "wx"));
  }

  /** Takes bytes on; they may be reused when it is done. */
  async append(bytes: Uint8Array): Promise<void> {
    for (let place = 0; place < bytes.length;) {
      const part = bytes.subarray(place, place + BUFFER_BYTES - this.#buffered);
      this.#buffer.set(part, this.#buffered);
      this.#buffered += part.length;
      place += part.length;
      if (this.#buffered === BUFFER_BYTES) await this.#flush();
    }
  }

  /** All until here is whole. */
  keep(): void {
    this.#whole = this.#written + this.#buffered;
  }

  /** Forgets all after the last that was whole. */
  async takeBack(): Promise<void> {
    if (this.#whole < this.#written) {
      await this.#handle.truncate(this.#whole);
      this.#written = this.#whole;
    }
    this.#buffered = this.#whole - this.#written;
  }

  /** Writes what is gathered. */
  async finish(): Promise<void> {
    await this.#flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async #flush(): Promise<void> {
    for (let place = 0; place < this.#buffered;) {
      const left = this.#buffered - place;
      const { bytesWritten } = await this.#handle.write(this.#buffer, place, left, this.#written);
      place += bytesWritten;
      this.#written += bytesWritten;
    }
    this.#buffered = 0;
  }
}
