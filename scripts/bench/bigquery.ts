/**
 * What an export from BigQuery takes: a table of 100,000 rows × 51 columns on the emulator by Arrow and by
 * REST, in one run; and 1,000,000 rows × 100 columns streamed from a gRPC server of our own, with the peak
 * memory of this process and its worker together: `node scripts/bench/bigquery.ts`. Needs `cbi setup`
 * and, for the first part, Python 3.13.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { bigqueryWarehouse } from "../../src/config/bigquery-schema.ts";
import { configSchema } from "../../src/config/schema.ts";
import { keepHeapSmall } from "../../src/system/small-heap.ts";
import { systemClock } from "../../src/system/clock.ts";
import { systemRandom } from "../../src/system/random.ts";
import { readArrow } from "../../src/warehouse/bigquery/arrow-read.ts";
import { convertToParquet } from "../../src/warehouse/bigquery/convert.ts";
import { bigqueryWorld, openBigQueryWarehouse } from "../../src/warehouse/bigquery/open.ts";
import { runQuery } from "../../src/warehouse/bigquery/query.ts";
import { readReceipt } from "../../src/warehouse/bigquery/receipt.ts";
import { createDataset } from "../../src/warehouse/bigquery/tables.ts";
import { startArrowFake } from "../../test/rig/arrow-fake.ts";
import { emulatorSkip, startLocalBigQuery } from "../../test/rig/local-bigquery.ts";

const never = new AbortController().signal;
const LARGE = { columns: 100, rowsOfBatch: 1_000, batches: Number(process.argv[2] ?? 1_000) };
const MEBIBYTE = 1024 * 1024;

if (process.argv[2] === "serve") {
  const server = await startArrowFake({ ...LARGE, batches: Number(process.argv[3]) });
  console.log(server.storage);
} else if (process.argv[2] === "watch") {
  watch(Number(process.argv[3]), Number(process.argv[4]));
} else {
  const folder = await mkdtemp(path.join(tmpdir(), "cbi-bench-bigquery-"));
  try {
    keepHeapSmall();
    for (const batches of [LARGE.batches / 10, LARGE.batches]) await large(folder, batches);
    const skip = await emulatorSkip();
    if (skip === undefined) await emulator(folder);
    else console.log(skip);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function large(folder: string, batches: number): Promise<void> {
  const server = spawn(process.execPath, [import.meta.filename, "serve", `${batches}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  const settings = bigqueryWarehouse.parse({
    kind: "bigquery",
    project: "local",
    endpoint: { rest: "http://127.0.0.1:1", storage: line.toString().trim() },
  });
  const memory = watchMemory(server.pid ?? 0);
  const { session, authorization } = bigqueryWorld({
    settings,
    paths: { root: folder, trainingData: folder },
  });
  const started = performance.now();
  const table = { projectId: "local", datasetId: "d", tableId: "t" };
  const raw = path.join(folder, `${batches}.raw`);
  await readArrow(session.rest, settings, authorization, { table, file: raw, signal: never });
  const fields = Array.from({ length: LARGE.columns }, (_, place) => ({
    name: place === 0 ? "date" : `c${place}`,
    type: place === 0 ? "DATE" : "FLOAT",
  }));
  const file = path.join(folder, `${batches}.parquet`);
  const world = { environment: process.env, clock: systemClock, random: systemRandom };
  await convertToParquet({ raw, form: "arrow", fields, date: "date", file }, world, never);
  const { rows } = await readReceipt(file);
  const seconds = (performance.now() - started) / 1000;
  const peak = await memory.stop();
  server.kill("SIGKILL");
  const bytes = (await stat(raw)).size;
  console.log(
    `${rows} rows x ${LARGE.columns}: ${seconds.toFixed(1)} s, ${Math.round(rows / seconds)} rows/s, ` +
      `${Math.round(bytes / MEBIBYTE)} MB read, peak ${peak}`,
  );
  await rm(raw);
  await rm(file);
}

async function emulator(folder: string): Promise<void> {
  await using server = await startLocalBigQuery();
  const settings = bigqueryWarehouse.parse({
    kind: "bigquery",
    project: "bench-1",
    endpoint: { rest: server.rest, storage: server.storage },
  });
  const config = configSchema.parse({
    version: 1,
    symbol: "WTI",
    warehouse: { kind: "duckdb", sources: { wti: "wti.csv" } },
    price: { table: "wti", date: "date", column: "price" },
    horizons: { "1w": 5 },
  });
  const paths = { root: folder, trainingData: folder };
  const { session } = bigqueryWorld({ settings, paths });
  await createDataset(session.rest, "training", "US", never);
  const make = async (name: string, rows: number, columns: string): Promise<void> => {
    const sql = `CREATE TABLE \`bench-1.training.${name}\` AS SELECT DATE_ADD(DATE '1700-01-01', INTERVAL n DAY) AS date, RAND() AS price${columns} FROM UNNEST(GENERATE_ARRAY(1, ${rows})) AS n`;
    await runQuery(session, { name: "make", sql, isRepeatable: false, signal: never });
  };
  const features = Array.from({ length: 48 }, (_, place) => `, RAND() AS f${place}`).join("");
  await make("wti", 100, "");
  await make("wti_training_prod_allhistory_1w", 100_000, `, RAND() AS target_1w${features}`);
  for (const read of ["arrow", "rest"] as const) {
    const warehouse = openBigQueryWarehouse({
      config,
      settings: { ...settings, read },
      paths,
      environment: process.env,
    });
    const started = performance.now();
    const file = path.join(folder, `${read}.parquet`);
    const request = { horizon: "1w", asOf: "2025-12-31", file };
    const memory = watchMemory(0);
    const { rows } = await warehouse.exportTable(request, never);
    const seconds = (performance.now() - started) / 1000;
    console.log(
      `${read}: ${rows} rows x 51 in ${seconds.toFixed(1)} s, ${Math.round(rows / seconds)} rows/s, peak ${await memory.stop()}`,
    );
  }
}

/**
 * Samples the memory of this process and what it started, but for one; on Linux. From a process of its
 * own, since fifty looks a second at every process leave more garbage than an export does.
 */
function watchMemory(except: number): { stop: () => Promise<string> } {
  const watcher = spawn(
    process.execPath,
    [import.meta.filename, "watch", `${process.pid}`, `${except}`],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  return {
    async stop() {
      watcher.stdin.end();
      const [line] = (await once(watcher.stdout, "data")) as [Buffer];
      return line.toString().trim();
    },
  };
}

/** Until its input ends. */
function watch(root: number, except: number): void {
  const peaks = { together: 0, cbi: 0, worker: 0 };
  const timer = setInterval(() => {
    const [own = 0, ...others] = family(root, except).map(resident);
    const worker = others.reduce((sum, bytes) => sum + bytes, 0);
    peaks.together = Math.max(peaks.together, own + worker);
    peaks.cbi = Math.max(peaks.cbi, own);
    peaks.worker = Math.max(peaks.worker, worker);
  }, 20);
  process.stdin.resume().once("end", () => {
    clearInterval(timer);
    const [together, cbi, worker] = [peaks.together, peaks.cbi, peaks.worker].map((bytes) =>
      Math.round(bytes / MEBIBYTE),
    );
    console.log(`${together} MB (cbi ${cbi}, worker ${worker})`);
  });
}

function family(root: number, except: number): number[] {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(Number(name)) === root && Number(name) !== except)
    .map(Number)
    .filter((pid) => pid !== process.pid)
    .filter((pid) => !commandOf(pid).includes("local-bigquery"));
  return [root, ...children];
}

function parentOf(pid: number): number {
  return Number(/\) \S (\d+)/.exec(readProc(pid, "stat"))?.[1] ?? 0);
}

function commandOf(pid: number): string {
  return readProc(pid, "cmdline");
}

function resident(pid: number): number {
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readProc(pid, "status"))?.[1] ?? 0);
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}
