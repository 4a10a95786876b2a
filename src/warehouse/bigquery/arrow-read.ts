import { open } from "node:fs/promises";
import type { Client, Metadata, ServiceError } from "@grpc/grpc-js";
import { z } from "zod";
import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import type { Authorization } from "./credentials.ts";
import { networkFailure } from "./errors.ts";
import type { BigQueryRest } from "./rest.ts";
import { ARROW_FORMAT, READ_SERVICE, STORAGE_API } from "./storage-api.ts";
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

const HOST = "bigquerystorage.googleapis.com:443";
const SESSION_MS = 60_000;
const MESSAGE_BYTES_MAX = 256 * 1024 * 1024;
const RESUMES_MAX = 5;
// https://grpc.io/docs/guides/status-codes/
const CODE = {
  deadline: 4,
  denied: 7,
  exhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
};
const PASSING: readonly number[] = [CODE.deadline, CODE.exhausted, CODE.internal, CODE.unavailable];

const sessionSchema = z.object({
  arrow_schema: z.object({ serialized_schema: z.instanceof(Uint8Array) }),
  streams: z.array(z.object({ name: z.string() })).default([]),
});
const responseSchema = z.object({
  arrow_record_batch: z.object({ serialized_record_batch: z.instanceof(Uint8Array) }).nullish(),
  row_count: z.coerce.number(),
});

/**
 * Reads a table by the Storage Read API in one stream, which keeps the order of a sorted result, and
 * writes its bytes as they come: the schema and the record batches one after the other are a stream in
 * Arrow's IPC format (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format). A cut
 * stream goes on at the row where it was. Throws `ArrowUnavailable` when no session can be had.
 */
export async function readArrow(
  rest: BigQueryRest,
  settings: BigQuerySettings,
  authorization: Authorization,
  request: ArrowRequest,
): Promise<number> {
  request.signal.throwIfAborted();
  const client = await openClient(settings, authorization);
  try {
    const session = await createSession(rest, client, request);
    const handle = await open(request.file, "wx");
    try {
      await handle.write(session.arrow_schema.serialized_schema);
      let rows = 0;
      for (const { name } of session.streams) {
        rows += await readStream(rest, client, name, request.signal, async (bytes) => {
          await handle.write(bytes);
        });
      }
      return rows;
    } finally {
      await handle.close();
    }
  } finally {
    client.close();
  }
}

async function openClient(
  settings: BigQuerySettings,
  authorization: Authorization,
): Promise<Client> {
  const { Client, credentials, Metadata } = await import("@grpc/grpc-js");
  const options = { "grpc.max_receive_message_length": MESSAGE_BYTES_MAX };
  const local = settings.endpoint;
  if (local) {
    if (local.storage === undefined) throw new ArrowUnavailable("the emulator has no gRPC address");
    return new Client(local.storage, credentials.createInsecure(), options);
  }
  const perCall = credentials.createFromMetadataGenerator((_parameters, done) => {
    void tellAuthorization(authorization, new Metadata(), done);
  });
  const channel = credentials.combineChannelCredentials(credentials.createSsl(), perCall);
  return new Client(HOST, channel, options);
}

async function tellAuthorization(
  authorization: Authorization,
  metadata: Metadata,
  done: (error: Error | null, metadata?: Metadata) => void,
): Promise<void> {
  let failure: Error | null = null;
  try {
    const token = await authorization();
    if (token !== undefined) metadata.set("authorization", token);
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
  }
  if (failure) done(failure);
  else done(null, metadata);
}

interface Method {
  path: string;
  requestSerialize: (value: object) => Buffer;
  responseDeserialize: (bytes: Buffer) => object;
}

async function methods(): Promise<Record<"CreateReadSession" | "ReadRows", Method>> {
  const { fromJSON } = await import("@grpc/proto-loader");
  const service = fromJSON(STORAGE_API, { keepCase: true, longs: Number, defaults: true })[
    READ_SERVICE
  ];
  if (!service || !("CreateReadSession" in service) || !("ReadRows" in service)) {
    throw new Error("the description of the Storage Read API is incomplete");
  }
  const { CreateReadSession, ReadRows } = service;
  return { CreateReadSession, ReadRows };
}

async function createSession(
  rest: BigQueryRest,
  client: Client,
  { table, signal }: ArrowRequest,
): Promise<z.infer<typeof sessionSchema>> {
  const { CreateReadSession } = await methods();
  const { Metadata } = await import("@grpc/grpc-js");
  const name = `projects/${table.projectId}/datasets/${table.datasetId}/tables/${table.tableId}`;
  const metadata = new Metadata();
  metadata.set("x-goog-request-params", `read_session.table=${encodeURIComponent(name)}`);
  const answer = await new Promise<unknown>((resolve, reject) => {
    const call = client.makeUnaryRequest(
      CreateReadSession.path,
      CreateReadSession.requestSerialize,
      CreateReadSession.responseDeserialize,
      {
        parent: `projects/${rest.project}`,
        read_session: { table: name, data_format: ARROW_FORMAT },
        max_stream_count: 1,
      },
      metadata,
      { deadline: rest.clock.now() + SESSION_MS },
      (error, value) => (error ? reject(error) : resolve(value)),
    );
    signal.addEventListener("abort", () => call.cancel(), { once: true });
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    if (error instanceof Failure) throw error;
    throw new ArrowUnavailable(messageOf(error), { cause: error });
  });
  return sessionSchema.parse(answer);
}

/** Hands the batches of a stream on in their order; returns the rows. */
async function readStream(
  rest: BigQueryRest,
  client: Client,
  name: string,
  signal: AbortSignal,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<number> {
  const { ReadRows } = await methods();
  const { Metadata } = await import("@grpc/grpc-js");
  const metadata = new Metadata();
  metadata.set("x-goog-request-params", `read_stream=${encodeURIComponent(name)}`);
  let rows = 0;
  let failures = 0;
  for (;;) {
    const before = rows;
    const call = client.makeServerStreamRequest(
      ReadRows.path,
      ReadRows.requestSerialize,
      ReadRows.responseDeserialize,
      { read_stream: name, offset: rows },
      metadata,
    );
    const cancel = (): void => call.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      for await (const message of call) {
        const { arrow_record_batch: batch, row_count: count } = responseSchema.parse(message);
        if (batch) await write(batch.serialized_record_batch);
        rows += count;
      }
      return rows;
    } catch (error) {
      signal.throwIfAborted();
      failures = rows > before ? 1 : failures + 1;
      if (!isPassing(error) || failures > RESUMES_MAX) throw streamFailure(error);
      await rest.clock.sleep(250 * 2 ** failures, signal);
    } finally {
      signal.removeEventListener("abort", cancel);
      call.cancel();
    }
  }
}

function isPassing(error: unknown): boolean {
  return isServiceError(error) && PASSING.includes(error.code);
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && typeof error.code === "number";
}

function streamFailure(error: unknown): unknown {
  if (isPassing(error)) return networkFailure(HOST, messageOf(error), error);
  if (!isServiceError(error)) return error;
  return new Failure({
    code: "CBI_BIGQUERY_STREAM",
    message: `the Storage Read API ended the export: ${error.message}`,
    remedy: "Read by REST instead: warehouse.read: rest in cbi.yaml.",
    exit: ExitCode.unavailable,
    cause: error,
  });
}
