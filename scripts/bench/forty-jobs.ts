/**
 * Forty command jobs of `true` that are due at once: `cbi catchup` from `dist/`, its start and the
 * durable ledger included, in turn with a bare shell loop that starts `true` forty times. Prints what
 * a job takes beyond the loop's, by wall clock and by processor time: medians and the best.
 *
 *   npm run build && node scripts/bench/forty-jobs.ts
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Ledger } from "../../src/ledger/ledger.ts";

const root = path.resolve(import.meta.dirname, "..", "..");
const JOBS = 40;
const ROUNDS = 11;
const LOOP = `i=0; while [ $i -lt ${JOBS} ]; do (exec true); i=$((i+1)); done`;

const home = mkdtempSync(path.join(os.tmpdir(), "cbi-bench-"));
const ledgerFile = path.join(home, "Logs", "ledger.db");
try {
  makeHome();
  catchUp();
  const pairs = Array.from({ length: ROUNDS }, () => {
    makeAllDue();
    return { loop: timed(["sh", "-c", LOOP]), cbi: catchUp() };
  });
  for (const kind of ["wallMs", "cpuMs"] as const) {
    const loop = pairs.map((pair) => pair.loop[kind]);
    const cbi = pairs.map((pair) => pair.cbi[kind]);
    const beyond = pairs.map((pair) => (pair.cbi[kind] - pair.loop[kind]) / JOBS);
    console.log(
      `${kind}: loop ${median(loop).toFixed(0)}, cbi ${median(cbi).toFixed(0)}; beyond the loop ` +
        `${median(beyond).toFixed(1)} ms a job, at best ${Math.min(...beyond).toFixed(1)} (target: 6)`,
    );
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}

function makeHome(): void {
  const jobs = Array.from({ length: JOBS }, (_, index) => {
    return `  job-${index}: { kind: command, argv: ['true'], schedule: ['0 0 * * *'] }\n`;
  });
  const text = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd }
horizons: { 1w: 5 }
jobs:
${jobs.join("")}`;
  mkdirSync(path.join(home, "Logs"));
  writeFileSync(path.join(home, "cbi.yaml"), text);
}

/** Turns every job's book back by a day and a half, so that the last midnight's slot is due again. */
function makeAllDue(): void {
  using ledger = Ledger.open(ledgerFile);
  const thenMs = Date.now() - 36 * 3_600_000;
  ledger.transaction(() => {
    ledger.run("DELETE FROM slot");
    ledger.run(
      "UPDATE job SET since_ms = ?, through_ms = ?, next_due_ms = NULL, checked_ms = NULL",
      thenMs,
      thenMs,
    );
  });
}

function catchUp(): { wallMs: number; cpuMs: number } {
  const cbi = path.join(root, "dist", "cli", "cbi.js");
  return timed([process.execPath, cbi, "catchup", "--home", home]);
}

/** Wall time, and user and system time with all children, of one command. */
function timed(words: readonly string[]): { wallMs: number; cpuMs: number } {
  const startedMs = performance.now();
  const { stdout, status } = spawnSync(
    "bash",
    ["-c", '"$@" >&2; s=$?; times; exit $s', "bash", ...words],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  const wallMs = performance.now() - startedMs;
  if (status !== 0) throw new Error(`${words.join(" ")} ended with ${status}`);
  const times = [...(stdout.split("\n")[1] ?? "").matchAll(/(\d+)m([\d.]+)s/g)];
  const cpuMs = times.reduce((sum, [, minutes, seconds]) => {
    return sum + Number(minutes) * 60_000 + Number(seconds) * 1000;
  }, 0);
  return { wallMs, cpuMs };
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}
