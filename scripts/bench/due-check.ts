/**
 * The due-check of a thousand jobs, over a ledger of no, one and ten years of daily slots. Prints the
 * medians and the ratio of ten years to none: the time of a check must not grow with the ledger.
 *
 *   node scripts/bench/due-check.ts
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Home } from "../../src/config/home.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { openBook } from "../../src/jobs/check.ts";
import { HomeJobs } from "../../src/jobs/schedules.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { dayOfNumber } from "../../src/schedule/day.ts";
import { homePaths } from "../../src/system/home.ts";

const JOBS = 1000;
const DAY_MS = 86_400_000;
const NOW_MS = Date.parse("2026-11-20T12:00:00Z");
const ROUNDS = 15;

const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-bench-"));
try {
  const results = [0, 1, 10].map((years) => measure(years));
  for (const { years, idleMs, dueMs, megabytes } of results) {
    console.log(
      `${years} years of ledger (${megabytes.toFixed(0)} MB): ${JOBS} jobs with nothing due ${idleMs.toFixed(1)} ms, ` +
        `each with a slot due ${dueMs.toFixed(1)} ms`,
    );
  }
  const [none, , ten] = results;
  if (none && ten) {
    console.log(
      `ten years to none: ${(ten.idleMs / none.idleMs).toFixed(2)}x idle, ${(ten.dueMs / none.dueMs).toFixed(2)}x due`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function measure(years: number): {
  years: number;
  idleMs: number;
  dueMs: number;
  megabytes: number;
} {
  const file = path.join(folder, `ledger-${years}.db`);
  using ledger = Ledger.open(file);
  const home = homeOfManyJobs();
  // Registered before the first night and caught up to this noon.
  openBook(new HomeJobs(home), ledger, NOW_MS - 3650 * DAY_MS);
  fill(ledger, years);
  ledger.run("UPDATE job SET through_ms = ?", NOW_MS);
  const idle = new HomeJobs(home);
  const book = openBook(idle, ledger, NOW_MS);
  for (const name of idle.names) book.note(book.check(name, { hasLock: false }));
  const idleMs = medianOf(() => checkAll(idle, ledger, NOW_MS + 1));
  const dueMs = medianOf(() => checkAll(idle, ledger, NOW_MS + DAY_MS));
  const size = Number(
    ledger.get(
      "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()",
    )?.["bytes"],
  );
  return { years, idleMs, dueMs, megabytes: size / 1e6 };
}

/** What the watchdog and `cbi catchup` do first: the book is opened, and every job is checked. */
function checkAll(jobs: HomeJobs, ledger: Ledger, nowMs: number): void {
  const book = openBook(jobs, ledger, nowMs);
  let starts = 0;
  for (const name of jobs.names) {
    if (book.check(name, { hasLock: false }).next.step === "start") starts++;
  }
  const expected = nowMs > NOW_MS + 1 ? JOBS : 0;
  if (starts !== expected) throw new Error(`${starts} jobs would start, expected ${expected}`);
}

function medianOf(work: () => void): number {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedMs = performance.now();
    work();
    times.push(performance.now() - startedMs);
  }
  return times.toSorted((left, right) => left - right)[Math.floor(ROUNDS / 2)] ?? 0;
}

function fill(ledger: Ledger, years: number): void {
  const today = Math.floor(NOW_MS / DAY_MS);
  ledger.transaction(() => {
    for (let job = 0; job < JOBS; job++) {
      for (let number = today - 365 * years; number < today; number++) {
        const day = dayOfNumber(number);
        ledger.run(
          `INSERT INTO slot (job, name, due_ms, day, verdict, run, attempts, claimed_ms, recorded_ms)
           VALUES (?, ?, ?, ?, 'done', 'r', 1, ?, ?)`,
          `job-${job}`,
          `${day}T${time(job)}`,
          number * DAY_MS,
          day,
          number * DAY_MS,
          number * DAY_MS,
        );
      }
    }
  });
}

function homeOfManyJobs(): Home {
  const jobs = Array.from({ length: JOBS }, (_, index) => {
    const [hour = "0", minute = "0"] = time(index)
      .split(":")
      .map((part) => String(Number(part)));
    return `  job-${index}: { kind: command, argv: ['true'], schedule: ['${minute} ${hour} * * *'] }`;
  });
  const text = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd }
horizons: { 1w: 5 }
jobs:
${jobs.join("\n")}
`;
  const loaded = loadConfig({ text, file: "cbi.yaml", environment: {}, remedy: "" });
  return { ...loaded, text, paths: homePaths(folder) };
}

function time(index: number): string {
  const minute = (index * 7) % 1440;
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}
