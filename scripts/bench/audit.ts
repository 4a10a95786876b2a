/**
 * The audit of a million rows by 300 columns beside the same checks in pandas, alternating in one
 * run: `node scripts/bench/audit.ts [repeats] [rows] [columns]`. The table is of random numbers, made
 * here and thrown away; pandas goes into a virtual environment beside it (CBI_BENCH_PYTHON names an
 * interpreter that has pandas and pyarrow already).
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { z } from "zod";
import { addDays } from "../../src/audit/context.ts";
import { auditReportSchema } from "../../src/audit/report.ts";
import { auditExports } from "../../src/pipeline/audit/audit-exports.ts";
import { systemClock } from "../../src/system/clock.ts";
import { sqlText, withDuckdb } from "../../src/system/duckdb.ts";

const SYMBOLS = 100;
const FIRST_DAY = "1990-01-01";
const HORIZON_ROWS = 5;
const PACKAGES = ["pandas==3.1.1", "pyarrow==26.0.1"];

const measureSchema = z.object({
  seconds: z.number(),
  cpuSeconds: z.number(),
  megabytes: z.number(),
  figures: z.record(z.string(), z.unknown()),
});
type Measure = z.infer<typeof measureSchema>;

// Measured in a process of its own, so that its peak memory is the audit's.
if (process.argv[2] === "--one") {
  process.stdout.write(
    `${JSON.stringify(await auditOurs(process.argv[3] ?? "", process.argv[4] ?? ""))}\n`,
  );
} else {
  const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-bench-audit-"));
  try {
    await main(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(folder: string): Promise<void> {
  const [repeats = 3, rows = 1_000_000, columns = 300] = process.argv.slice(2).map(Number);
  const python = pythonWithPandas(folder);
  const file = path.join(folder, "wide.parquet");
  const asOf = addDays(FIRST_DAY, Math.floor((rows - 1) / SYMBOLS));
  await makeTable(file, rows, columns);
  const ours: Measure[] = [];
  const pandas: Measure[] = [];
  const script = path.join(import.meta.dirname, "audit_pandas.py");
  for (let round = 0; round < repeats; round += 1) {
    ours.push(measured(process.execPath, [import.meta.filename, "--one", file, asOf]));
    pandas.push(measured(python, [script, file, "target_1w", String(HORIZON_ROWS), asOf]));
  }
  printTable(ours, pandas, `${rows} rows x ${columns} columns`);
}

function pythonWithPandas(folder: string): string {
  const given = process.env["CBI_BENCH_PYTHON"];
  if (given) return given;
  const python = path.join(folder, "venv", "bin", "python");
  run("python3", ["-m", "venv", path.join(folder, "venv")]);
  run(python, ["-m", "pip", "install", "--quiet", ...PACKAGES]);
  if (!existsSync(python)) throw new Error("no Python with pandas");
  return python;
}

/** Prices and labels that agree, and random features of which every seventh has nulls. */
async function makeTable(file: string, rows: number, columns: number): Promise<void> {
  const features = Array.from({ length: columns }, (_, index) =>
    index % 7 === 0
      ? `CASE WHEN random() > 0.02 THEN random() END AS feature_${index}`
      : `random() - 0.5 AS feature_${index}`,
  );
  await withDuckdb({ file: ":memory:", memoryLimit: "4GB" }, async (connection) => {
    await connection.run(`
      CREATE TABLE prices AS
      SELECT i, (DATE '${FIRST_DAY}' + (i // ${SYMBOLS})::INTEGER) AS date,
        printf('S%03d', i % ${SYMBOLS}) AS symbol, 50 + 10 * random() AS price
      FROM range(${rows}) AS numbers(i)`);
    await connection.run(`
      COPY (
        SELECT date, symbol, price, ${features.join(", ")},
          ln(lead(price, ${HORIZON_ROWS}) OVER (PARTITION BY symbol ORDER BY i) / price) AS target_1w,
          NULL::VARCHAR AS label_reason
        FROM prices ORDER BY i
      ) TO ${sqlText(file)} (FORMAT parquet)`);
  });
}

async function auditOurs(file: string, asOf: string): Promise<Measure> {
  const started = systemClock.monotonic();
  const report = await auditExports({
    run: "bench",
    asOf,
    datasets: [
      { horizon: "1w", horizonRows: HORIZON_ROWS, file, target: "target_1w", fingerprint: "" },
    ],
    previous: {},
    championFeatures: {},
    config: {
      audit: { freshness: { warn: 1, error: 4 }, watch: [] },
      train: { window: "all", exclude: [] },
    },
    calendar: { isSession: () => true, sessionsBetween: () => 0 },
    signal: new AbortController().signal,
  });
  const seconds = (systemClock.monotonic() - started) / 1000;
  const { checks, rows } = auditReportSchema.parse(report).datasets[0] ?? { checks: [], rows: 0 };
  const observed = Object.fromEntries(checks.map((check) => [check.id, check.observed]));
  const { user, system } = process.cpuUsage();
  return {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    megabytes: process.resourceUsage().maxRSS / 1024,
    figures: { rows, correlation: observed["leak_correlation"], failed: failedOf(checks) },
  };
}

function failedOf(checks: readonly { id: string; status: string }[]): string[] {
  return checks.filter(({ status }) => status === "failed").map(({ id }) => id);
}

function measured(command: string, args: string[]): Measure {
  return measureSchema.parse(JSON.parse(run(command, args)));
}

function run(command: string, args: string[]): string {
  const result = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 26 });
  if (result.status !== 0)
    throw new Error(`${command} ended with ${result.status}: ${result.stderr}`);
  return result.stdout;
}

function printTable(ours: Measure[], pandas: Measure[], title: string): void {
  const lines = [
    `audit of ${title}, ${os.availableParallelism()} processors`,
    "round  cbi seconds  pandas seconds  ratio  cbi CPU  pandas CPU  cbi MB  pandas MB",
    ...ours.map((own, round) => row(String(round + 1), own, pandas[round])),
    row("best", best(ours), best(pandas)),
    `cbi saw ${JSON.stringify(ours[0]?.figures)}`,
    `pandas saw ${JSON.stringify(pandas[0]?.figures)}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

function row(name: string, own: Measure | undefined, other: Measure | undefined): string {
  if (!own || !other) return name;
  return [
    name.padEnd(5),
    own.seconds.toFixed(2).padStart(11),
    other.seconds.toFixed(2).padStart(14),
    (other.seconds / own.seconds).toFixed(1).padStart(5),
    own.cpuSeconds.toFixed(1).padStart(7),
    other.cpuSeconds.toFixed(1).padStart(10),
    own.megabytes.toFixed(0).padStart(6),
    other.megabytes.toFixed(0).padStart(9),
  ].join("  ");
}

function best(measures: readonly Measure[]): Measure | undefined {
  return [...measures].sort((left, right) => left.seconds - right.seconds)[0];
}
