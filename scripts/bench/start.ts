/**
 * What the quick commands take, as a multiple of Node's own start: `cbi status`, `cbi next` and `cbi
 * watchdog` from `dist/` in a demo home, with ten and with ten thousand runs behind it. Processor time,
 * which a busy neighbour disturbs less than it disturbs the clock, in turn with `node -e 0`; medians.
 *
 *   npm run build && node scripts/bench/start.ts
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Ledger } from "../../src/ledger/ledger.ts";
import { insertRun, type RunRecord } from "../../src/ledger/runs.ts";
import { processIdentity } from "../../src/system/process-identity.ts";

const root = path.resolve(import.meta.dirname, "..", "..");
const cbi = path.join(root, "dist", "cli", "cbi.js");
const ROUNDS = 15;
const TARGETS = { status: 3, next: 3, watchdog: 4 };
const HISTORIES = [10, 10_000];

const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-bench-"));
try {
  for (const runs of HISTORIES) {
    const home = makeHome(runs);
    for (const [command, target] of Object.entries(TARGETS)) {
      const words = [cbi, command, "--home", home];
      const pairs = Array.from({ length: ROUNDS }, () => {
        const node = cpuMs(["-e", "0"]);
        return { node, cbi: cpuMs(words) };
      });
      const ratio = median(pairs.map((pair) => pair.cbi / pair.node));
      console.log(
        `${runs} runs: cbi ${command} ${median(pairs.map((pair) => pair.cbi)).toFixed(0)} ms, node -e 0 ` +
          `${median(pairs.map((pair) => pair.node)).toFixed(0)} ms, ratio ${ratio.toFixed(2)} (target: ${target})`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The demo's home with that many nights in its ledger, and its values kept by a first command. */
function makeHome(runs: number): string {
  const home = path.join(folder, String(runs));
  mkdirSync(path.join(home, "Logs"), { recursive: true });
  copyFileSync(path.join(root, "cbi.yaml"), path.join(home, "cbi.yaml"));
  using ledger = Ledger.open(path.join(home, "Logs", "ledger.db"));
  const nowMs = Date.now();
  for (let back = runs; back > 0; back--) {
    const startedMs = nowMs - back * 3_600_000;
    const run: RunRecord = {
      id: `run-${String(runs - back).padStart(6, "0")}`,
      job: "nightly",
      slot: undefined,
      trigger: "person",
      state: "done",
      asOf: "2025-12-31",
      startedMs,
      endedMs: startedMs + 60_000,
      owner: processIdentity(),
      version: "0",
      configHash: "0",
      exitCode: 0,
      error: undefined,
      warnings: [],
    };
    insertRun(ledger, run, ["export", "audit", "train", "predict", "upload", "evaluate"]);
  }
  // The first pass registers the jobs.
  for (const command of Object.keys(TARGETS)) cpuMs([cbi, command, "--home", home]);
  return home;
}

/** User and system time of one Node in milliseconds, by the account that bash keeps of its children, to the millisecond. */
function cpuMs(words: readonly string[]): number {
  const script = '"$@" >/dev/null 2>&1; times';
  const { stdout } = spawnSync("bash", ["-c", script, "bash", process.execPath, ...words], {
    encoding: "utf8",
  });
  // Two lines, the shell's own times and its children's, each `0m0.052s 0m0.012s`.
  const [, children = ""] = stdout.split("\n");
  const times = [...children.matchAll(/(\d+)m([\d.]+)s/g)];
  if (times.length !== 2) throw new Error(`bash said no times: ${stdout}`);
  return times.reduce((sum, [, minutes, seconds]) => {
    return sum + Number(minutes) * 60_000 + Number(seconds) * 1000;
  }, 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}
