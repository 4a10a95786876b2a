/** Cuts a stream of bytes into lines and never holds more than one line's cap. */
export class LineCutter {
  readonly #bytesMax: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The lines that `chunk` completes, or undefined when a line has grown beyond the cap. */
  push(chunk: Buffer): string[] | undefined {
    const lines: string[] = [];
    let from = 0;
    for (;;) {
      const feed = chunk.indexOf(0x0a, from);
      const part = chunk.subarray(from, feed === -1 ? chunk.length : feed);
      this.#bytes += part.length;
      if (this.#bytes > this.#bytesMax) {
        this.#clear();
        return undefined;
      }
      if (feed === -1) {
        // Copied, since a small rest would keep the whole chunk alive.
        if (part.length > 0) this.#parts.push(Buffer.from(part));
        return lines;
      }
      lines.push(Buffer.concat([...this.#parts, part]).toString("utf8"));
      this.#clear();
      from = feed + 1;
    }
  }

  #clear(): void {
    this.#parts = [];
    this.#bytes = 0;
  }
}

/** Keeps the end of a text that may have no end. */
export class Tail {
  readonly #charactersMax: number;
  #text = "";

  constructor(charactersMax: number) {
    this.#charactersMax = charactersMax;
  }

  push(text: string): void {
    this.#text = (this.#text + text.slice(-this.#charactersMax)).slice(-this.#charactersMax);
  }

  toString(): string {
    return this.#text;
  }
}
