import { StringDecoder } from "node:string_decoder";
import { withoutControls } from "../../system/text.ts";
import type { Redactor } from "./redact.ts";

export type OutputStream = "stdout" | "stderr";

/** Where a command's output goes, line by line and harmless. */
export interface OutputSink {
  line(stream: OutputStream, text: string): void;
  /** So many bytes were left out before the lines that follow, which are the last ones. */
  cut(bytes: number): void;
}

/** A line that grows beyond this is given in pieces. */
const PIECE_CHARACTERS = 16_384;
/** What one line costs in a log besides its text. */
const LINE_OVERHEAD_BYTES = 96;
/** What is kept of a stream after the cap, so that its last words are known. */
const LAST_BYTES = 8_192;
const LAST_LINES = 20;

/**
 * Makes lines of what a program writes, whatever that is: bytes that are no UTF-8 become U+FFFD, escape
 * sequences and control characters go, a line that a terminal would overwrite is what it would show in the
 * end, a line without end comes in pieces, and secrets are hidden. After `bytesMax` bytes of log nothing
 * more is passed on but the last words. Holds a few dozen kilobytes at most.
 */
export class OutputLines {
  readonly #sink: OutputSink;
  readonly #redactor: Redactor;
  readonly #streams: Record<OutputStream, StreamLines>;
  readonly #lastLines: string[] = [];
  /** The newest lines of the chunk in which the cap was reached. */
  #beyond: { stream: OutputStream; raw: string }[] = [];
  #bytesLeft: number;
  #cutBytes = 0;

  constructor(sink: OutputSink, redactor: Redactor, bytesMax: number) {
    this.#sink = sink;
    this.#redactor = redactor;
    this.#bytesLeft = bytesMax;
    const lines = (stream: OutputStream): StreamLines =>
      new StreamLines(redactor, (text) => this.#take(stream, text));
    this.#streams = { stdout: lines("stdout"), stderr: lines("stderr") };
  }

  push(stream: OutputStream, chunk: Buffer): void {
    if (this.#bytesLeft > 0) {
      this.#streams[stream].push(chunk);
      return;
    }
    this.#beyond = [];
    this.#cutBytes += chunk.length;
    this.#streams[stream].keepLast(chunk);
  }

  /** Passes on what is left; nothing may be pushed afterwards. */
  end(): void {
    if (this.#cutBytes > 0) this.#sink.cut(this.#cutBytes);
    // The last words come whatever they cost: they are few.
    this.#bytesLeft = Number.POSITIVE_INFINITY;
    for (const { stream, raw } of this.#beyond) this.#take(stream, raw);
    this.#streams.stdout.end();
    this.#streams.stderr.end();
  }

  /** The last lines that are not empty, the newest last. */
  lastLines(): readonly string[] {
    return this.#lastLines;
  }

  #take(stream: OutputStream, raw: string): void {
    if (this.#bytesLeft <= 0) {
      this.#cutBytes += Buffer.byteLength(raw);
      this.#beyond = [...this.#beyond.slice(1 - LAST_LINES), { stream, raw }];
      return;
    }
    const text = this.#redactor.redact(withoutControls(raw));
    this.#bytesLeft -= Buffer.byteLength(text) + LINE_OVERHEAD_BYTES;
    this.#sink.line(stream, text);
    if (text.trim() === "") return;
    this.#lastLines.push(text);
    if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
  }
}

/** Cuts one stream into lines. */
class StreamLines {
  readonly #redactor: Redactor;
  readonly #onLine: (text: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";
  #last: Buffer | undefined;

  constructor(redactor: Redactor, onLine: (text: string) => void) {
    this.#redactor = redactor;
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const lines = this.#decoder.write(chunk).split("\n");
    lines[0] = this.#rest + (lines[0] ?? "");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#whole(line);
    if (this.#rest.length > PIECE_CHARACTERS) this.#rest = this.#pieces(this.#rest);
  }

  keepLast(chunk: Buffer): void {
    // What was not yet a line comes first: a secret may go on in the chunk.
    const kept = this.#last ?? Buffer.from(this.#rest + this.#decoder.end());
    const joined = Buffer.concat([kept, chunk.subarray(-LAST_BYTES)]);
    // Copied, since a small rest would keep the whole chunk alive.
    this.#last = Buffer.from(joined.subarray(-LAST_BYTES));
  }

  end(): void {
    if (this.#last) {
      this.#rest = "";
      const text = this.#lastWhole(this.#last).replace(/\n$/, "");
      for (const line of text.split("\n")) this.#whole(line);
      return;
    }
    const rest = this.#rest + this.#decoder.end();
    this.#rest = "";
    if (rest !== "") this.#whole(rest);
  }

  #whole(line: string): void {
    const rest = this.#pieces(line);
    this.#onLine(overwritten(rest));
  }

  /** Passes on all but the last piece. A secret is hidden first, so that no cut can go through it. */
  #pieces(line: string): string {
    if (line.length <= PIECE_CHARACTERS) return line;
    let rest = this.#redactor.redact(line);
    const together = Math.min(this.#redactor.lengthMax, PIECE_CHARACTERS);
    while (rest.length > PIECE_CHARACTERS + together) {
      this.#onLine(overwritten(rest.slice(0, PIECE_CHARACTERS)));
      rest = rest.slice(PIECE_CHARACTERS);
    }
    return rest;
  }

  /** What was cut off in front may have been the first half of a secret: so its line, or as much as a secret is long, goes. */
  #lastWhole(last: Buffer): string {
    const text = last.toString("utf8");
    if (last.length < LAST_BYTES) return text;
    const feed = text.indexOf("\n");
    if (feed !== -1) return text.slice(feed + 1);
    // Whole ones are hidden first, lest the cut goes through one of them.
    return this.#redactor.redact(text).slice(this.#redactor.lengthMax);
  }
}

/** What a terminal shows of a line in the end: each carriage return starts it anew. */
function overwritten(line: string): string {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  return text.slice(text.lastIndexOf("\r") + 1);
}
