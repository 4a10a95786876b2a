import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { ok, says, stateOf, type Answer, type Call, type Fake } from "./fake.ts";

/** How sudo treats the user; `sudo.json` of the state. */
export interface SudoState {
  /** `free` asks for nothing; `password` would, and nobody is there; `denied` is not in the sudoers. */
  mode: "free" | "password" | "denied";
}

const HELP = "a terminal is required to read the password; either use the -S option";

/**
 * `sudo [-n] [-v] COMMAND...` as the user: runs the command as root with a small environment, whatever
 * the caller had. Root needs it for nothing and gets the same.
 */
export const sudo: Fake = {
  answer(call) {
    const { mode } = stateOf<SudoState>("sudo", { mode: "free" });
    const flags = call.args.slice(0, commandAt(call));
    const words = call.args.slice(flags.length);
    if (call.uid !== 0 && mode === "denied") {
      return says(1, "you is not in the sudoers file.\nThis incident has been reported.");
    }
    if (call.uid !== 0 && mode === "password") {
      const reason = flags.includes("-n") ? "a password is required" : HELP;
      return says(1, `sudo: ${reason}\nsudo: a password is required`);
    }
    return words.length === 0 ? ok : asRoot(words, call);
  },
  /** A copy of which half has been written when it stops. */
  async partly(call) {
    const words = call.args.slice(commandAt(call));
    const [program = "", ...rest] = words;
    const [source = "", target = ""] = rest.slice(-2);
    if (program !== "/usr/bin/install") return void (await asRoot(words, call));
    const text = readFileSync(source);
    writeFileSync(target, text.subarray(0, text.length / 2), { mode: 0o600 });
  },
};

function commandAt({ args }: Call): number {
  const at = args.findIndex((word) => !word.startsWith("-"));
  return at < 0 ? args.length : at;
}

async function asRoot([program = "", ...args]: readonly string[], call: Call): Promise<Answer> {
  const child = spawn(program, args, {
    cwd: call.cwd,
    env: {
      HOME: "/var/root",
      PATH: "/usr/bin:/bin:/usr/sbin:/sbin",
      USER: "root",
      SUDO_USER: "you",
      SUDO_UID: `${call.uid}`,
      LC_ALL: "C",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
  return new Promise((resolve) => {
    child.once("error", () => resolve(says(1, `sudo: ${program}: command not found`)));
    child.once("close", (code) => resolve({ code: code ?? 1, ...said }));
  });
}
