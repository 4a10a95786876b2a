import { readVarint } from "./protobuf.ts";

/** The source ended before what was asked for. */
export class EndedEarly extends Error {
  override name = "EndedEarly";
}

const VARINT_BYTES_MAX = 10;

/**
 * Reads a stream of bytes piece by piece and holds no more of it than the chunk that is being read, so
 * that a message of any size passes through little memory.
 */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array();
  #offset = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** Whether nothing comes any more. */
  async isAtEnd(): Promise<boolean> {
    return !(await this.#fill());
  }

  /** The next `length` bytes, copied. */
  async read(length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    await this.pass(length, (part) => {
      bytes.set(part, filled);
      filled += part.length;
    });
    return bytes;
  }

  /** Hands the next `length` bytes on as they come. A part is good until `take` is done with it. */
  async pass(length: number, take: (part: Uint8Array) => Promise<void> | void): Promise<void> {
    for (let left = length; left > 0;) {
      if (!(await this.#fill())) throw new EndedEarly("the stream ended within a message");
      const part = this.#chunk.subarray(this.#offset, this.#offset + left);
      this.#offset += part.length;
      left -= part.length;
      await take(part);
    }
  }

  /** The next number in protobuf's way, and how many bytes it took. */
  async varint(): Promise<{ value: number; length: number }> {
    const bytes: number[] = [];
    while (bytes.length < VARINT_BYTES_MAX) {
      bytes.push(...(await this.read(1)));
      const found = readVarint(Buffer.from(bytes), 0);
      if (found) return found;
    }
    throw new RangeError("a number of protobuf has more than ten bytes");
  }

  async #fill(): Promise<boolean> {
    while (this.#offset >= this.#chunk.length) {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.#chunk = next.value;
      this.#offset = 0;
    }
    return true;
  }
}
