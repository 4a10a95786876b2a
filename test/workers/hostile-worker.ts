/** A worker that does to the pool what its task says. Started by the tests as a process of its own. */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, writeFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";

interface HostileTask {
  id: string;
  does: string;
  /** A file by which attempts or processes are told. */
  note?: string;
}

let isStubborn = false;
const say = (message: unknown) => process.stdout.write(`${JSON.stringify(message)}\n`);
const hello = { type: "hello", protocol: 1, process: process.pid, versions: {} };

const deeds: Record<string, (task: HostileTask) => void> = {
  echo: ({ id }) => say({ type: "result", id, result: { pid: process.pid } }),
  progress: ({ id }) => {
    say({ type: "progress", id, round: 1, roundsMax: 2 });
    say({ type: "result", id, result: {} });
  },
  "refuse-data": ({ id }) =>
    say({ type: "error", id, class: "data", message: "bad \u001b[31mrow" }),
  "refuse-retryable": ({ id }) => say({ type: "error", id, class: "retryable", message: "full" }),
  "write garbage": () => process.stdout.write("Segmentation fault (core dumped)\n"),
  "answer another": () => say({ type: "result", id: "somebody", result: {} }),
  exit: () => process.exit(3),
  "exit with last words": () => {
    process.stderr.write("x".repeat(100_000));
    process.stderr.write("\n\u001b[2Jout of paper\n", () => process.exit(3));
  },
  "exit once": (task) => {
    const note = task.note ?? "";
    if (existsSync(note)) deeds["echo"]?.(task);
    else {
      writeFileSync(note, "been here");
      process.exit(9);
    }
  },
  hang: ({ note }) => {
    if (note) appendFileSync(note, `${process.pid}\n`);
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  },
  "hang and ignore TERM": ({ note }) => {
    isStubborn = true;
    process.on("SIGTERM", () => undefined);
    const child = spawn("sh", ["-c", "trap '' TERM; while :; do sleep 1; done"], {
      stdio: "ignore",
    });
    if (note) writeFileSync(note, `${process.pid}\n${child.pid}\n`);
    setInterval(() => undefined, 1000);
  },
  "write a gigabyte without newline": () => {
    const chunk = Buffer.alloc(1024 * 1024, "x");
    for (let left = 1024 * chunk.length; left > 0;) left -= writeSome(chunk);
  },
};

if (process.argv[2] === "mute") setInterval(() => undefined, 1000);
else if (process.argv[2] === "rude") process.stdout.write("hi there\n");
else if (process.argv[2] === "old") say({ ...hello, protocol: 0 });
else {
  say(hello);
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    const { task } = JSON.parse(line) as { task: HostileTask };
    deeds[task.does]?.(task);
  });
  lines.on("close", () => {
    if (!isStubborn) process.exit(0);
  });
}

/** As much of the chunk as the pipe takes; ends the process when nobody reads. */
function writeSome(chunk: Buffer): number {
  try {
    return writeSync(1, chunk);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return 0;
    process.exit(1);
  }
}
