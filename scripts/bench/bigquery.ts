/**
 * What an export from BigQuery takes: a table of 100,000 rows × 51 columns on the emulator by Arrow and by
 * REST, in one run; and up to 1,000,000 rows × 100 columns that servers of our own stream to the built
 * `cbi run nightly --only export`, with the peak memory of that process and its worker together:
 * `node scripts/bench/bigquery.ts`. Needs `npm run build`, `cbi setup` and, for the first part, Python 3.13.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import { bigqueryWarehouse } from "../../src/config/bigquery-schema.ts";
import { configSchema } from "../../src/config/schema.ts";
import { bigqueryWorld, openBigQueryWarehouse } from "../../src/warehouse/bigquery/open.ts";
import { runQuery } from "../../src/warehouse/bigquery/query.ts";
import { createDataset } from "../../src/warehouse/bigquery/tables.ts";
import { startArrowFake } from "../../test/rig/arrow-fake.ts";
import { FakeBigQuery } from "../../test/rig/bigquery-fake.ts";
import { emulatorSkip, startLocalBigQuery } from "../../test/rig/local-bigquery.ts";
import { bigqueryHome } from "../../test/warehouse/bigquery/home.ts";

const never = new AbortController().signal;
const LARGE = { columns: 100, rowsOfBatch: 1_000, batches: Number(process.argv[2] ?? 1_000) };
const MEBIBYTE = 1024 * 1024;
const CBI = path.resolve(import.meta.dirname, "../../dist/cli/cbi.js");
const FIELDS = Array.from({ length: LARGE.columns }, (_, place) =>
  place === 0 ? "date" : name(place),
);

if (process.argv[2] === "serve") {
  await serve(Number(process.argv[3]));
} else if (process.argv[2] === "watch") {
  watch(Number(process.argv[3]));
} else {
  const folder = await mkdtemp(path.join(tmpdir(), "cbi-bench-bigquery-"));
  try {
    for (const batches of [LARGE.batches / 10, LARGE.batches]) await large(folder, batches);
    const skip = await emulatorSkip();
    if (skip === undefined) await emulator(folder);
    else console.log(skip);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The columns that a training table must have come first. */
function name(place: number): string {
  return { 1: "price", 2: "target_1w" }[place] ?? `c${place}`;
}

/** Until it is killed: BigQuery's REST calls over a table of one row, whose result is said to be a large one. */
async function serve(batches: number): Promise<void> {
  const rest = await FakeBigQuery.start();
  const { storage } = await startArrowFake({ ...LARGE, batches, names: FIELDS });
  const home = await bigqueryHome({ rest: rest.rest });
  const day = { date: "2024-01-02", price: 70 };
  await home.load("wti", { date: "DATE", price: "FLOAT64" }, [day]);
  const columns = Object.fromEntries(
    FIELDS.map((field) => [field, field === "date" ? "DATE" : "FLOAT64"]),
  );
  const row = Object.fromEntries(
    FIELDS.map((field) => [field, field === "date" ? "2024-01-02" : 1]),
  );
  await home.load("wti_training_prod_allhistory_1w", columns, [row]);
  rest.destination = {
    projectId: "test-1",
    datasetId: "d",
    tableId: "t",
    rows: batches * LARGE.rowsOfBatch,
  };
  console.log(JSON.stringify({ rest: rest.rest, storage }));
}

async function large(folder: string, batches: number): Promise<void> {
  const server = spawn(process.execPath, [import.meta.filename, "serve", `${batches}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  const home = path.join(folder, `${batches}`);
  for (const name of ["Logs", "Models", "TrainingData"])
    await mkdir(path.join(home, name), { recursive: true });
  const config = {
    version: 1,
    symbol: "WTI",
    as_of: "2024-01-02",
    warehouse: { kind: "bigquery", project: "test-1", endpoint: JSON.parse(line.toString()) },
    price: { table: "wti", date: "date", column: "price" },
    horizons: { "1w": 5 },
    jobs: { nightly: { kind: "pipeline" } },
  };
  await writeFile(path.join(home, "cbi.yaml"), stringify(config));
  const started = performance.now();
  const cbi = spawn(
    process.execPath,
    [CBI, "run", "nightly", "--only", "export", "--force", "--home", home],
    {
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const memory = watchMemory(cbi.pid ?? 0);
  const [code] = await once(cbi, "exit");
  const seconds = (performance.now() - started) / 1000;
  const peak = await memory.stop();
  server.kill("SIGKILL");
  if (code !== 0) throw new Error(`cbi ended with ${code}`);
  const file = path.join(home, "TrainingData/exports/1w.parquet");
  const manifest = await readFile(`${file}.manifest.json`, "utf8");
  const { rows } = JSON.parse(manifest) as { rows: number };
  console.log(
    `${rows} rows x ${LARGE.columns}: ${seconds.toFixed(1)} s, ${Math.round(rows / seconds)} rows/s, ` +
      `${Math.round((await stat(file)).size / MEBIBYTE)} MB written, peak ${peak}`,
  );
  await rm(home, { recursive: true });
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
    const memory = watchMemory(process.pid);
    const { rows } = await warehouse.exportTable(request, never);
    const seconds = (performance.now() - started) / 1000;
    console.log(
      `${read}: ${rows} rows x 51 in ${seconds.toFixed(1)} s, ${Math.round(rows / seconds)} rows/s, peak ${await memory.stop()}`,
    );
  }
}

/**
 * Samples the memory of a process and what it started; on Linux. From a process of its own, since fifty
 * looks a second leave more garbage than an export does.
 */
function watchMemory(root: number): { stop: () => Promise<string> } {
  const watcher = spawn(process.execPath, [import.meta.filename, "watch", `${root}`], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  return {
    async stop() {
      watcher.stdin.end();
      const [line] = (await once(watcher.stdout, "data")) as [Buffer];
      return line.toString().trim();
    },
  };
}

/**
 * Until its input ends. Resident memory counts a page that both use twice, the proportional set size
 * (smaps_rollup, proc(5)) shares it out; the sums are of one instant each.
 */
function watch(root: number): void {
  const peaks = { together: 0, cbi: 0, worker: 0, shared: 0 };
  const timeline: string[] = [];
  const timer = setInterval(() => {
    const pids = family(root);
    const [own = 0, ...others] = pids.map((pid) => field(pid, "status", /VmRSS:\s+(\d+)/));
    const worker = others.reduce((sum, bytes) => sum + bytes, 0);
    const shared = pids.map((pid) => field(pid, "smaps_rollup", /Pss:\s+(\d+)/));
    peaks.together = Math.max(peaks.together, own + worker);
    peaks.cbi = Math.max(peaks.cbi, own);
    peaks.worker = Math.max(peaks.worker, worker);
    peaks.shared = Math.max(
      peaks.shared,
      shared.reduce((sum, bytes) => sum + bytes, 0),
    );
    if (process.env["TIMELINE"])
      timeline.push(`${Math.round(performance.now())} ${own >> 10} ${worker >> 10}`);
  }, 20);
  process.stdin.resume().once("end", () => {
    clearInterval(timer);
    const [together, cbi, worker, shared] = [
      peaks.together,
      peaks.cbi,
      peaks.worker,
      peaks.shared,
    ].map((kibibytes) => Math.round(kibibytes / 1024));
    if (process.env["TIMELINE"]) process.stderr.write(timeline.join("\n") + "\n");
    console.log(`${together} MB (cbi ${cbi}, worker ${worker}; shared pages once: ${shared})`);
  });
}

function family(root: number): number[] {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === root && pid !== process.pid)
    .filter((pid) => !readProc(pid, "cmdline").includes("local-bigquery"));
  return [root, ...children];
}

function parentOf(pid: number): number {
  return Number(/\) \S (\d+)/.exec(readProc(pid, "stat"))?.[1] ?? 0);
}

function field(pid: number, name: string, pattern: RegExp): number {
  return Number(pattern.exec(readProc(pid, name))?.[1] ?? 0);
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}
