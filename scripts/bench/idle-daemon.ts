/**
 * The resident mode with nothing to do beside a bare process with node-cron that does nothing each
 * minute: memory, processor time and wake-ups of the main thread over three minutes after a first one. Linux
 * only: read from /proc (proc(5)): `VmRSS`, `utime`, `stime`, `voluntary_ctxt_switches`.
 *
 *   npm run build && node scripts/bench/idle-daemon.ts
 */
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const root = path.resolve(import.meta.dirname, "..", "..");
const WARM_UP_MS = 70_000;
const SPAN_MS = 180_000;
const BARE = `import { schedule } from "node-cron"; schedule("* * * * *", () => undefined);`;

interface Reading {
  residentMb: number;
  cpuMs: number;
  wakes: number;
}

const home = mkdtempSync(path.join(os.tmpdir(), "cbi-bench-"));
mkdirSync(path.join(home, "Logs"));
copyFileSync(path.join(root, "cbi.yaml"), path.join(home, "cbi.yaml"));
const daemon = [path.join(root, "dist", "cli", "cbi.js"), "daemon", "--home", home];
const pids = [daemon, ["--input-type=module", "-e", BARE]].map((words) => {
  const child = spawn(process.execPath, words, { cwd: root, stdio: "ignore" });
  if (child.pid === undefined) throw new Error("it could not be started");
  return child.pid;
});
try {
  await sleep(WARM_UP_MS);
  const before = pids.map(read);
  await sleep(SPAN_MS);
  const after = pids.map(read);
  const [cbi, bare] = after.map((now, at) => {
    const then = before[at];
    const minutes = SPAN_MS / 60_000;
    return {
      residentMb: now.residentMb,
      cpuMs: (now.cpuMs - (then?.cpuMs ?? 0)) / minutes,
      wakes: (now.wakes - (then?.wakes ?? 0)) / minutes / 60,
    };
  });
  if (!cbi || !bare) throw new Error("nothing was read");
  for (const [name, of] of [
    ["cbi daemon", cbi],
    ["node-cron", bare],
  ] as const) {
    console.log(
      `${name}: ${of.residentMb.toFixed(1)} MB, ${of.cpuMs.toFixed(0)} ms of processor time a minute, ` +
        `${of.wakes.toFixed(2)} wake-ups a second`,
    );
  }
  const share = (cbi.cpuMs - bare.cpuMs) / 60_000;
  console.log(
    `memory ${(cbi.residentMb / bare.residentMb).toFixed(2)}x (target: 1.2); processor time beyond ` +
      `node-cron's ${(share * 100).toFixed(3)} % of one processor; wake-ups target: 1 a second`,
  );
} finally {
  for (const pid of pids) process.kill(pid, "SIGTERM");
  await sleep(2_000);
  rmSync(home, { recursive: true, force: true });
}

function read(pid: number): Reading {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // After the name in brackets, fields 14 and 15 in ticks of a hundredth of a second.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  return {
    residentMb: field("VmRSS") / 1024,
    cpuMs: (Number(fields[11]) + Number(fields[12])) * 10,
    wakes: field("voluntary_ctxt_switches"),
  };
}
