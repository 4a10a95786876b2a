import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import { BatchFile } from "./batch-file.ts";
import type { Authorization } from "./credentials.ts";
import { networkFailure } from "./errors.ts";
import { GRPC, GrpcChannel, GrpcError } from "./grpc.ts";
import type { BigQueryRest } from "./rest.ts";
import {
  CREATE_READ_SESSION,
  parseSession,
  READ_ROWS,
  readRows,
  type ReadSession,
  rowsRequest,
  sessionRequest,
} from "./storage-api.ts";
import type { TableReference } from "./tables.ts";

/** What is read into which file. */
export interface ArrowRequest {
  table: TableReference;
  file: string;
  signal: AbortSignal;
}

/** The Storage Read API cannot be used here; REST may still be. */
export class ArrowUnavailable extends Error {
  override name = "ArrowUnavailable";
}

const HOST = "bigquerystorage.googleapis.com";
const SESSION_MS = 60_000;
/** A large table's first rows may take half a minute. */
const ROWS_MS = 90_000;
const SESSION_BYTES_MAX = 16 * 1024 * 1024;
const RESUMES_MAX = 5;
const PASSING: readonly number[] = [GRPC.deadline, GRPC.exhausted, GRPC.internal, GRPC.unavailable];

interface Reader {
  rest: BigQueryRest;
  channel: GrpcChannel;
  authorization: Authorization;
}

/**
 * Reads a table by the Storage Read API in one stream, which keeps the order of a sorted result, and
 * writes its bytes as they come: the schema and the record batches one after the other are a stream in
 * Arrow's IPC format (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format). A cut
 * stream goes on at the row where it was. Returns the rows. Throws `ArrowUnavailable` when no session can
 * be had.
 */
export async function readArrow(
  rest: BigQueryRest,
  settings: BigQuerySettings,
  authorization: Authorization,
  request: ArrowRequest,
): Promise<number> {
  request.signal.throwIfAborted();
  using channel = new GrpcChannel(originOf(settings));
  const reader = { rest, channel, authorization };
  const session = await createSession(reader, request);
  await using file = await BatchFile.create(request.file);
  await file.append(session.schema);
  file.keep();
  let rows = 0;
  for (const name of session.streams) {
    rows += await readStream(reader, name, request.signal, file);
  }
  await file.finish();
  return rows;
}

function originOf({ endpoint }: BigQuerySettings): string {
  if (!endpoint) return `https://${HOST}`;
  if (endpoint.storage !== undefined) return `http://${endpoint.storage}`;
  throw new ArrowUnavailable("the emulator has no gRPC address");
}

async function createSession(
  { rest, channel, authorization }: Reader,
  { table, signal }: ArrowRequest,
): Promise<ReadSession> {
  const name = `projects/${table.projectId}/datasets/${table.datasetId}/tables/${table.tableId}`;
  const call = {
    path: CREATE_READ_SESSION,
    headers: await headersOf(authorization, `read_session.table=${encodeURIComponent(name)}`),
    message: sessionRequest(rest.project, name),
    silenceMs: SESSION_MS,
    signal,
  };
  try {
    return await channel.call(call, async ({ bytes, next }) => {
      const length = await next();
      if (length === undefined || length > SESSION_BYTES_MAX) {
        throw new RangeError(`the read session has ${length ?? "no"} bytes`);
      }
      const session = parseSession(await bytes.read(length));
      // Its end says whether all was well.
      if ((await next()) === undefined) return session;
      throw new RangeError("there are two read sessions");
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof GrpcError || error instanceof RangeError) {
      throw new ArrowUnavailable(messageOf(error), { cause: error });
    }
    throw error;
  }
}

/** Appends the batches of a stream in their order; returns the rows. */
async function readStream(
  { rest, channel, authorization }: Reader,
  name: string,
  signal: AbortSignal,
  file: BatchFile,
): Promise<number> {
  let rows = 0;
  let failures = 0;
  for (;;) {
    const before = rows;
    const call = {
      path: READ_ROWS,
      headers: await headersOf(authorization, `read_stream=${encodeURIComponent(name)}`),
      message: rowsRequest(name, rows),
      silenceMs: ROWS_MS,
      signal,
    };
    try {
      await channel.call(call, async ({ bytes, next }) => {
        for (let length = await next(); length !== undefined; length = await next()) {
          rows += await readRows(bytes, length, (part) => file.append(part));
          file.keep();
        }
      });
      return rows;
    } catch (error) {
      signal.throwIfAborted();
      failures = rows > before ? 1 : failures + 1;
      if (!isPassing(error) || failures > RESUMES_MAX) throw streamFailure(error);
      await file.takeBack();
      await rest.clock.sleep(250 * 2 ** failures, signal);
    }
  }
}

async function headersOf(
  authorization: Authorization,
  parameters: string,
): Promise<Record<string, string>> {
  const token = await authorization();
  return {
    "x-goog-request-params": parameters,
    ...(token === undefined ? {} : { authorization: token }),
  };
}

function isPassing(error: unknown): boolean {
  return error instanceof GrpcError && PASSING.includes(error.code);
}

function streamFailure(error: unknown): unknown {
  if (isPassing(error)) return networkFailure(HOST, messageOf(error), error);
  if (!(error instanceof GrpcError) && !(error instanceof RangeError)) return error;
  return new Failure({
    code: "CBI_BIGQUERY_STREAM",
    message: `the Storage Read API ended the export: ${error.message}`,
    remedy: "Read by REST instead: warehouse.read: rest in cbi.yaml.",
    exit: ExitCode.unavailable,
    cause: error,
  });
}
