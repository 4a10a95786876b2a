import assert from "node:assert/strict";
import { readFile, truncate, writeFile } from "node:fs/promises";
import { createServer, type ServerHttp2Stream } from "node:http2";
import path from "node:path";
import { test } from "node:test";
import { fromJSON } from "@grpc/proto-loader";
import * as fc from "fast-check";
import { bigqueryWarehouse } from "../../../src/config/bigquery-schema.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { Failure } from "../../../src/system/failure.ts";
import { systemRandom } from "../../../src/system/random.ts";
import { ArrowUnavailable, readArrow } from "../../../src/warehouse/bigquery/arrow-read.ts";
import { ByteReader } from "../../../src/warehouse/bigquery/byte-reader.ts";
import { convertToParquet } from "../../../src/warehouse/bigquery/convert.ts";
import { encodeMessage } from "../../../src/warehouse/bigquery/protobuf.ts";
import { BigQueryRest } from "../../../src/warehouse/bigquery/rest.ts";
import {
  parseSession,
  readRows,
  rowsRequest,
  sessionRequest,
} from "../../../src/warehouse/bigquery/storage-api.ts";
import { workerCommand } from "../../../src/workers/command.ts";
import { resolvePythonEnvironment } from "../../../src/workers/environment.ts";
import { Worker } from "../../../src/workers/worker.ts";
import { temporaryFolder } from "../../contract/warehouse.ts";
import { startArrowFake } from "../../rig/arrow-fake.ts";
import { ManualClock } from "../../rig/manual-clock.ts";
import { READ_SERVICE, STORAGE_API } from "../../rig/storage-proto.ts";
import { never } from "./home.ts";

const table = { projectId: "local", datasetId: "d", tableId: "t" };
const service = fromJSON(STORAGE_API, { keepCase: true, longs: Number })[READ_SERVICE];
if (!service || !("ReadRows" in service) || !("CreateReadSession" in service))
  throw new Error("no service");
const { ReadRows, CreateReadSession } = service;

void test("messages are those of a library for protobuf, however they are cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string(),
      fc.nat(),
      fc.uint8Array(),
      fc.uint8Array(),
      fc.nat({ max: 2 ** 40 }),
      fc.integer({ min: 1, max: 7 }),
      async (name, offset, bytes, other, rows, step) => {
        assert.deepEqual(
          ReadRows.requestDeserialize(rowsRequest(name, offset)),
          ReadRows.requestDeserialize(ReadRows.requestSerialize({ read_stream: name, offset })),
        );
        assert.deepEqual(CreateReadSession.requestDeserialize(sessionRequest(name, name)), {
          parent: `projects/${name}`,
          read_session: { data_format: 2, table: name },
          max_stream_count: 1,
        });
        const session = { arrow_schema: { serialized_schema: [1, ...bytes] }, streams: [{ name }] };
        assert.deepEqual(parseSession(CreateReadSession.responseSerialize(session)), {
          schema: Buffer.from([1, ...bytes]),
          streams: [name],
        });
        // Fields of later versions stand around those that we know.
        const message = Buffer.concat([
          encodeMessage([
            [2, other],
            [9, rows],
          ]),
          ReadRows.responseSerialize({
            arrow_record_batch: { serialized_record_batch: bytes },
            row_count: rows,
          }),
          encodeMessage([[3, rows]]),
          Buffer.from([13 * 8 + 5, 1, 2, 3, 4, 14 * 8 + 1, 1, 2, 3, 4, 5, 6, 7, 8]),
        ]);
        const chunks = Array.from({ length: Math.ceil(message.length / step) }, (_, at) =>
          message.subarray(at * step, (at + 1) * step),
        );
        const seen: number[] = [];
        const reader = new ByteReader(ReadableStream.from(chunks));
        const counted = await readRows(reader, message.length, (part) => void seen.push(...part));
        assert.equal(counted, rows);
        assert.deepEqual(Buffer.from(seen), Buffer.from(bytes));
      },
    ),
    { numRuns: 200 },
  );
});

/** What a server says to a call of a path, the calls counted from 1. */
type Say = (stream: ServerHttp2Stream, call: number) => void;

const HEAD = { ":status": 200, "content-type": "application/grpc" };
const SCHEMA = Buffer.from("SCHEMA");
const SESSION = encodeMessage([
  [5, encodeMessage([[1, SCHEMA]])],
  [10, encodeMessage([[1, "s"]])],
]);

function frame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function batch(text: string, rows: number): Buffer {
  return frame(
    encodeMessage([
      [4, encodeMessage([[1, text]])],
      [6, rows],
    ]),
  );
}

function end(stream: ServerHttp2Stream, bytes: Buffer, trailers: Record<string, string>): void {
  stream.respond(HEAD, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers(trailers));
  stream.end(bytes);
}

const wellSession: Say = (stream) => end(stream, frame(SESSION), { "grpc-status": "0" });

async function readFrom(
  rows: Say,
  session: Say = wellSession,
): Promise<{ rows: number; text: string; calls: number }> {
  await using folder = await temporaryFolder();
  const server = createServer();
  let calls = 0;
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    stream.resume();
    if (headers[":path"]?.endsWith("CreateReadSession")) return session(stream, 1);
    calls += 1;
    rows(stream, calls);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it does not listen");
  const settings = bigqueryWarehouse.parse({
    kind: "bigquery",
    project: "local",
    endpoint: { rest: "http://127.0.0.1:1", storage: `127.0.0.1:${address.port}` },
  });
  const login = async (): Promise<string> => "Bearer ya29.secret_of";
  const clock = new ManualClock("2026-01-02T05:00:00Z", () => true);
  const rest = new BigQueryRest({ settings, authorization: login, clock, random: systemRandom });
  const file = path.join(folder.path, "raw");
  try {
    const read = await readArrow(rest, settings, login, { table, file, signal: never });
    return { rows: read, text: await readFile(file, "utf8"), calls };
  } finally {
    server.close();
  }
}

const ROWS = Buffer.concat([batch("one", 1), batch("two", 2)]);

void test("a stream that breaks off at any byte goes on at its last whole batch, and nothing is twice", async () => {
  for (let length = 0; length <= ROWS.length; length++) {
    for (const how of ["reset", "well", "no status"] as const) {
      // Whole and well ended is no break.
      if (how === "well" && length === ROWS.length) continue;
      const kept = length < batch("one", 1).length ? 0 : length < ROWS.length ? 1 : 2;
      const { rows, text } = await readFrom((stream, call) => {
        if (call > 1) {
          const rest = [batch("one", 1), batch("two", 2)].slice(kept);
          return end(stream, Buffer.concat(rest), { "grpc-status": "0" });
        }
        const part = ROWS.subarray(0, length);
        if (how === "well") return end(stream, part, { "grpc-status": "0" });
        stream.respond(HEAD);
        if (how === "no status") return void stream.end(part);
        stream.write(part, () => setImmediate(() => stream.close(2)));
      });
      // A whole batch at whose end an answer ends well has no more behind it.
      const isEnd = how === "well" && (length === 0 || length === batch("one", 1).length);
      if (isEnd) assert.equal(rows, length === 0 ? 0 : 1);
      else assert.deepEqual([rows, text], [3, "SCHEMAonetwo"], `${how} at ${length}`);
    }
  }
});

const strange: [name: string, say: Say, code: string, text: RegExp][] = [
  [
    "a refusal with a token in it",
    (stream) =>
      end(stream, Buffer.alloc(0), { "grpc-status": "7", "grpc-message": "no%20ya29.secret_of" }),
    "CBI_BIGQUERY_STREAM",
    /ended the export: no \*+$/,
  ],
  [
    "a message of three gigabytes",
    (stream) => end(stream, Buffer.from([0, 0xc0, 0, 0, 0, 1]), { "grpc-status": "0" }),
    "CBI_BIGQUERY_STREAM",
    /3221225472 bytes is longer/,
  ],
  [
    "a compressed message",
    (stream) => end(stream, Buffer.from([1, 0, 0, 0, 1, 1]), { "grpc-status": "0" }),
    "CBI_BIGQUERY_STREAM",
    /compressed, unasked/,
  ],
  [
    "a message that is none",
    (stream) => end(stream, frame(Buffer.from([0x23, 0x23, 0x23])), { "grpc-status": "0" }),
    "CBI_BIGQUERY_STREAM",
    /protobuf|longer than/,
  ],
  [
    "a page of HTML",
    (stream) => {
      stream.respond({ ":status": 200, "content-type": "text/html" });
      stream.end("<html>");
    },
    "CBI_BIGQUERY_STREAM",
    /HTTP 200, text\/html/,
  ],
  [
    "a busy proxy, for ever",
    (stream) => {
      stream.respond({ ":status": 503, "content-type": "text/html" });
      stream.end("<html>");
    },
    "CBI_NETWORK_UNAVAILABLE",
    /HTTP 503/,
  ],
];
for (const [name, say, code, text] of strange) {
  void test(`${name} ends an export with a failure that says so`, async () => {
    await assert.rejects(readFrom(say), (error) => {
      assert.ok(error instanceof Failure, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, text);
      return true;
    });
  });
  void test(`${name} instead of a session leaves it to REST`, async () => {
    await assert.rejects(readFrom(say, say), ArrowUnavailable);
  });
}

void test("batches that are cut off, or of other columns than the schema's, are refused as data", async () => {
  await using folder = await temporaryFolder();
  const raw = async (columns: number): Promise<string> => {
    await using fake = await startArrowFake({ columns, rowsOfBatch: 10, batches: 2 });
    const settings = bigqueryWarehouse.parse({
      kind: "bigquery",
      project: "local",
      endpoint: { rest: "http://127.0.0.1:1", storage: fake.storage },
    });
    const login = async (): Promise<undefined> => undefined;
    const rest = new BigQueryRest({
      settings,
      authorization: login,
      clock: systemClock,
      random: systemRandom,
    });
    const file = path.join(folder.path, `${columns}.raw`);
    await readArrow(rest, settings, login, { table, file, signal: never });
    return file;
  };
  const [three, four] = [await raw(3), await raw(4)];
  const convert = (file: string) =>
    convertToParquet(
      {
        raw: file,
        form: "arrow",
        fields: [
          { name: "date", type: "DATE" },
          { name: "c1", type: "FLOAT" },
          { name: "c2", type: "FLOAT" },
        ],
        date: "date",
        file: path.join(folder.path, `${systemRandom.hex(4)}.parquet`),
      },
      { environment: process.env, clock: systemClock },
      never,
    );
  assert.equal((await convert(three)).rows, 20);
  const isData = (error: unknown): boolean => error instanceof Failure && error.class === "data";
  await assert.rejects(convert(four), isData);
  const schema = await readFile(three);
  const mixed = path.join(folder.path, "mixed.raw");
  await writeFile(mixed, Buffer.concat([schema, await readFile(four)]));
  await assert.rejects(convert(mixed), isData);
  await truncate(three, schema.length - 50);
  await assert.rejects(convert(three), isData);
});

void test("a worker that has written Parquet refuses what needs numpy", async () => {
  await using folder = await temporaryFolder();
  const { python } = resolvePythonEnvironment(process.env);
  const worker = new Worker(workerCommand(python, process.env, 1), systemClock);
  try {
    const raw = path.join(folder.path, "raw");
    await writeFile(raw, '[["2024-01-02"]]\n');
    const file = path.join(folder.path, "file.parquet");
    const fields = [{ name: "date", type: "DATE" }];
    const task = { id: "one", kind: "parquet", raw, form: "rest", fields, date: "date", file };
    assert.equal((await worker.run(task)).kind, "result");
    const outcome = await worker.run({ id: "two" });
    assert.equal(outcome.kind, "error");
    assert.equal(outcome.kind === "error" && outcome.class, "fatal");
  } finally {
    await worker.end();
  }
});
