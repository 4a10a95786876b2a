import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { Server, ServerCredentials, type ServerWritableStream, status } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { READ_SERVICE, STORAGE_API } from "./storage-proto.ts";
import { resolvePythonEnvironment } from "../../src/workers/environment.ts";

/** What the fake streams: one batch, so many times. */
export interface ArrowSupply {
  columns: number;
  rowsOfBatch: number;
  batches: number;
  /** The columns' names, the first a day; by default `date`, `c1`, … */
  names?: readonly string[];
  /** After so many batches of one call the stream is cut, until the rest is short enough. */
  cutAfter?: number;
  /** Refuses the session, as without the role. */
  isDenied?: boolean;
}

const MAKE_BATCH = `
import datetime, sys
import numpy as np, pyarrow as pa
folder, columns, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random = np.random.default_rng(7)
names = sys.argv[4:] or ["date"] + [f"c{place}" for place in range(1, columns)]
arrays = [pa.array([datetime.date(2024, 1, 2)] * rows, pa.date32())]
arrays += [pa.array(random.normal(size=rows)) for _ in names[1:]]
batch = pa.RecordBatch.from_arrays(arrays, names=names)
open(f"{folder}/schema", "wb").write(batch.schema.serialize())
open(f"{folder}/batch", "wb").write(batch.serialize())
`;

/** The Storage Read API in this process, with more rows than an emulator could hold. */
export async function startArrowFake(
  supply: ArrowSupply,
): Promise<AsyncDisposable & { storage: string; offsets: number[] }> {
  const { schema, batch } = await makeBatch(supply);
  const offsets: number[] = [];
  const server = new Server();
  const service = fromJSON(STORAGE_API, { keepCase: true, longs: Number })[READ_SERVICE];
  if (!service || "format" in service) throw new Error("no service");
  server.addService(service, {
    CreateReadSession: (_call: unknown, done: (error: object | null, value?: object) => void) => {
      if (supply.isDenied)
        done({ code: status.PERMISSION_DENIED, details: "no read session for you" });
      else done(null, { arrow_schema: { serialized_schema: schema }, streams: [{ name: "s" }] });
    },
    ReadRows: (call: ServerWritableStream<{ offset: number }, object>) => {
      offsets.push(call.request.offset);
      void send(call, supply, batch);
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return {
    storage: `127.0.0.1:${port}`,
    offsets,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

async function send(
  call: ServerWritableStream<{ offset: number }, object>,
  { rowsOfBatch, batches, cutAfter }: ArrowSupply,
  batch: Buffer,
): Promise<void> {
  const first = call.request.offset / rowsOfBatch;
  const message = {
    arrow_record_batch: { serialized_record_batch: batch },
    row_count: rowsOfBatch,
  };
  for (let number = first; number < batches; number++) {
    if (cutAfter !== undefined && number - first >= cutAfter) {
      call.emit("error", { code: status.UNAVAILABLE, details: "cut" });
      return;
    }
    if (!call.write(message)) await new Promise((resolve) => call.once("drain", resolve));
  }
  call.end();
}

async function makeBatch(supply: ArrowSupply): Promise<{ schema: Buffer; batch: Buffer }> {
  const folder = await mkdtemp(path.join(tmpdir(), "cbi-arrow-fake-"));
  try {
    const { python } = resolvePythonEnvironment(process.env);
    const sizes = [String(supply.columns), String(supply.rowsOfBatch)];
    await promisify(execFile)(python, [
      "-c",
      MAKE_BATCH,
      folder,
      ...sizes,
      ...(supply.names ?? []),
    ]);
    const [schema, batch] = await Promise.all(
      ["schema", "batch"].map((name) => readFile(path.join(folder, name))),
    );
    if (!schema || !batch) throw new Error("no batch was made");
    return { schema, batch };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
