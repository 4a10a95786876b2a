import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from "node:http2";
import { messageOf } from "../../system/failure.ts";
import { collectYoungGarbage } from "../../system/small-heap.ts";
import { masked } from "./errors.ts";
import { ByteReader, EndedEarly } from "./byte-reader.ts";

// https://grpc.io/docs/guides/status-codes/
export const GRPC = {
  ok: 0,
  unknown: 2,
  deadline: 4,
  denied: 7,
  exhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** A call that ended other than well, by gRPC's code of it. */
export class GrpcError extends Error {
  override name = "GrpcError";
  readonly code: number;

  constructor(code: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
  }
}

/** One call, of one message. */
export interface GrpcRequest {
  /** `/package.Service/Method`. */
  path: string;
  /** Further headers, by names in lower case. */
  headers: Readonly<Record<string, string>>;
  message: Buffer;
  /** A peer of which nothing comes for so long is gone. */
  silenceMs: number;
  signal: AbortSignal;
}

/** The messages of an answer, of which each is to be read to its end before the next is asked for. */
export interface GrpcAnswer {
  bytes: ByteReader;
  /** The length of the next message, or undefined after the last. */
  next: () => Promise<number | undefined>;
}

const PREFIX_BYTES = 5;
const MESSAGE_BYTES_MAX = 256 * 1024 * 1024;
/** What may be under way to us unread; with 30 ms to the server, 35 MB a second. */
const WINDOW_BYTES = 1024 * 1024;
/** Every piece that comes is a buffer of its own. */
const GARBAGE_BYTES_MAX = 2 * 1024 * 1024;

/**
 * A channel that speaks gRPC over HTTP/2 (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md):
 * one message up, messages down, none of them compressed, no faster than they are read. It connects at
 * its first call, and anew after its connection broke. What goes wrong is a `GrpcError`.
 */
export class GrpcChannel implements Disposable {
  readonly #origin: string;
  #session: ClientHttp2Session | undefined;

  /** `origin` is such as `https://host:443`. */
  constructor(origin: string) {
    this.#origin = origin;
  }

  /** Makes a call and hands its answer to `read`, after which the call is over. */
  async call<T>(request: GrpcRequest, read: (answer: GrpcAnswer) => Promise<T>): Promise<T> {
    const { signal, silenceMs } = request;
    signal.throwIfAborted();
    const stream = this.#start(request);
    const cancel = (): void => stream.close(constants.NGHTTP2_CANCEL);
    signal.addEventListener("abort", cancel, { once: true });
    stream.setTimeout(silenceMs, cancel);
    try {
      return await read(answerOf(stream));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof EndedEarly) throw new GrpcError(GRPC.unavailable, error.message, error);
      throw error;
    } finally {
      signal.removeEventListener("abort", cancel);
      cancel();
    }
  }

  [Symbol.dispose](): void {
    this.#session?.destroy();
  }

  #start({ path, headers, message }: GrpcRequest): ClientHttp2Stream {
    const stream = this.#connected().request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    // Told by who reads it; unheard it would end the process.
    stream.on("error", () => undefined);
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
    return stream;
  }

  #connected(): ClientHttp2Session {
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const settings = { initialWindowSize: WINDOW_BYTES, enablePush: false };
    const session = connect(this.#origin, { settings });
    session.on("error", () => undefined);
    session.once("connect", () => session.setLocalWindowSize(WINDOW_BYTES));
    this.#session = session;
    return session;
  }
}

type Head = IncomingHttpHeaders & IncomingHttpStatusHeader;

function answerOf(stream: ClientHttp2Stream): GrpcAnswer {
  const bytes = new ByteReader(contentOf(stream));
  return {
    bytes,
    async next() {
      if (await bytes.isAtEnd()) return undefined;
      const prefix = await bytes.read(PREFIX_BYTES);
      const length = prefix.readUInt32BE(1);
      if (prefix[0] !== 0) throw new GrpcError(GRPC.unknown, "a message is compressed, unasked");
      if (length <= MESSAGE_BYTES_MAX) return length;
      const most = `${MESSAGE_BYTES_MAX} bytes`;
      throw new GrpcError(GRPC.unknown, `a message of ${length} bytes is longer than ${most}`);
    },
  };
}

/** The content as it comes. Ends only where the peer said that all is well. */
async function* contentOf(stream: ClientHttp2Stream): AsyncGenerator<Uint8Array> {
  let head: Head = {};
  let end: IncomingHttpHeaders = {};
  stream.once("response", (headers) => {
    head = headers;
  });
  stream.once("trailers", (headers) => {
    end = headers;
  });
  let garbage = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      assertGrpc(head);
      yield chunk;
      garbage += chunk.length;
      if (garbage < GARBAGE_BYTES_MAX) continue;
      collectYoungGarbage();
      garbage = 0;
    }
  } catch (error) {
    if (error instanceof GrpcError) throw error;
    throw new GrpcError(GRPC.unavailable, messageOf(error), error);
  }
  assertGrpc(head);
  // An answer without content has its status in its only headers.
  const { "grpc-status": status, "grpc-message": message } = "grpc-status" in end ? end : head;
  if (status === undefined)
    throw new GrpcError(GRPC.unavailable, "the stream ended without a status");
  const code = Number(status);
  if (code !== GRPC.ok) throw new GrpcError(code, decoded(String(message ?? `status ${code}`)));
}

/** Refuses what a proxy or a web server says instead. */
function assertGrpc(head: Head): void {
  const { ":status": status, "content-type": type } = head;
  if (status === 200 && type?.startsWith("application/grpc")) return;
  throw new GrpcError(
    codeOf(status),
    `the answer is HTTP ${status ?? "nothing"}, ${type ?? "of no type"}`,
  );
}

/** https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
function codeOf(status: number | undefined): number {
  if (status === undefined || [429, 502, 503, 504].includes(status)) return GRPC.unavailable;
  if (status === 401) return GRPC.unauthenticated;
  if (status === 403) return GRPC.denied;
  return status === 404 ? GRPC.unimplemented : GRPC.unknown;
}

function decoded(message: string): string {
  try {
    return masked(decodeURIComponent(message));
  } catch {
    return masked(message);
  }
}
