/**
 * What the programs of the imitated Mac ask, and its launchd. Each call comes over a local connection as
 * texts that end in a NUL: path, process, parent, user, folder, count of words, words; the answer is
 * the exit code, both outputs, and the words of what it becomes. One process answers all, since a call then
 * takes milliseconds and not the start of a Node; all that it knows is in files (`fake.ts`).
 */
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import path from "node:path";
import { once } from "node:events";
import { STATE_FOLDER, type Answer, type Call, type Fake } from "./fake.ts";
import { FAKES } from "./fakes.ts";
import { faultFor } from "./faults.ts";
import { launchd } from "./launchd.ts";

const CALLS = path.join(STATE_FOLDER, "calls.jsonl");
/** Before the words: path, process, parent, user, folder, count. */
const HEAD = 6;

const server = createServer((socket) => {
  let text = "";
  socket.setEncoding("utf8");
  // Whoever asked may have been killed.
  socket.on("error", () => undefined);
  socket.on("data", (part: string) => {
    text += part;
    const fields = text.split("\0").slice(0, -1);
    if (fields.length < HEAD || fields.length < HEAD + Number(fields[HEAD - 1])) return;
    text = "";
    void hear(fields, socket);
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  writeFileSync("/opt/mac/port", `${port}\n`);
  launchd.boot();
  process.stdout.write("ready\n");
});
process.stdin.on("end", () => process.exit(0)).resume();

async function hear(fields: readonly string[], socket: Socket): Promise<void> {
  const [program = "", pid, parentPid, uid, cwd = "/", , ...args] = fields;
  const [first, second, third] = [Number(pid), Number(parentPid), Number(uid)];
  const facts = { program, args, pid: first, parentPid: second, uid: third, cwd };
  try {
    const answer =
      program === "/opt/mac/control" ? launchd.control(args) : await heed(facts, socket);
    if (answer) reply(socket, answer);
  } catch (error) {
    reply(socket, { code: 70, stderr: `the imitated ${program} broke: ${String(error)}\n` });
  }
}

/** Undefined for a call that never ends. */
async function heed(facts: Omit<Call, "number">, socket: Socket): Promise<Answer | undefined> {
  const call: Call = { number: callsSoFar() + 1, ...facts };
  appendFileSync(CALLS, `${JSON.stringify(call)}\n`);
  const fake = fakeNamed(path.basename(call.program));
  if (!fake) return { code: 70, stderr: `nobody imitates ${call.program}\n` };
  const fault = faultFor(call);
  switch (fault?.does) {
    case "exit":
      return { code: fault.code ?? 1, ...(fault.stderr !== undefined && { stderr: fault.stderr }) };
    case "hang":
      return undefined;
    case "late":
      await once(socket, "close");
      return fake.answer(call);
    case "partly":
      await fake.partly?.(call);
      return { code: 1, stderr: "Killed: 9\n" };
    case "killed-before":
      killCaller();
      return undefined;
    case "killed-after":
      await fake.answer(call);
      killCaller();
      return undefined;
    case undefined:
      return fake.answer(call);
  }
}

function fakeNamed(name: string): Fake | undefined {
  return Object.entries(FAKES).find(([file]) => path.basename(file) === name)?.[1];
}

function callsSoFar(): number {
  return existsSync(CALLS) ? readFileSync(CALLS, "utf8").split("\n").length - 1 : 0;
}

/** Ends the `cbi` that npm has put there, as kill(1) or a power cut does; not what launchd has started. */
function killCaller(): void {
  const found = readdirSync("/proc").filter((pid) => {
    const file = `/proc/${pid}/cmdline`;
    return /^\d+$/.test(pid) && readFileSync(file, "utf8").includes("/package/dist/cli/cbi.js");
  });
  if (found.length === 0) throw new Error("there is no cbi to be killed");
  for (const pid of found) process.kill(Number(pid), "SIGKILL");
}

function reply(socket: Socket, { code, stdout = "", stderr = "", exec = [] }: Answer): void {
  socket.end([`${code}`, stdout, stderr, ...exec].map((text) => `${text}\0`).join(""));
}
