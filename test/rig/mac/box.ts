import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hashText } from "../../../src/system/files.ts";
import type { Call } from "./fake.ts";
import type { Fault } from "./faults.ts";
import type { LaunchdState, Service } from "./launchd.ts";
import { seed } from "./seed.ts";

const BOOT = path.join(import.meta.dirname, "boot.sh");
const REPOSITORY = path.resolve(import.meta.dirname, "../../..");
const BOOT_MS = 30_000;
const CALL_MS = 120_000;
/** What was printed last may come after the end. */
const LATE_MS = 200;
const IS_ROOT = process.getuid?.() === 0;
/** Whoever is not root is root of a namespace, if the user has numbers for others (subuid(5)). */
const SPACES = ["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"];
const USER_SPACE = IS_ROOT ? [] : ["--user", "--map-root-user", "--map-auto"];

export interface CallEnd {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  as?: "you" | "root";
  environment?: Record<string, string>;
}

/**
 * An imitated Mac for a test: a root file system of its own over this machine's, the user `you` (501)
 * with the home /Users/you, macOS's own programs as fakes with state, and a launchd that starts what it is
 * told to. Files, rights and processes are real; what is written is gone with it.
 */
export class MacBox implements AsyncDisposable {
  readonly #folder: string;
  readonly #outer: ChildProcess;
  #pid = 0;

  private constructor(folder: string, outer: ChildProcess) {
    this.#folder = folder;
    this.#outer = outer;
  }

  /** Why none can be made here, as the reason of a skipped test; false where one can. */
  static get unavailable(): string | false {
    const reason = "needs root, or namespaces of the user's own, and an overlay";
    if (process.platform !== "linux" || !existsSync("/bin/bash")) return reason;
    const tried = spawnSync("unshare", [...USER_SPACE, ...SPACES, "bash", "-ec", TRIAL]);
    return tried.status === 0 ? false : reason;
  }

  static async boot({ zone = "Europe/Berlin" } = {}): Promise<MacBox> {
    const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-mac-"));
    seed(path.join(folder, "seed"), { zone });
    const words = [...USER_SPACE, ...SPACES, BOOT, folder, REPOSITORY, process.execPath];
    const outer = spawn("unshare", words, { stdio: ["pipe", "pipe", "pipe"] });
    let said = "";
    outer.stdout.on("data", (text: Buffer) => (said += text.toString()));
    outer.stderr.on("data", (text: Buffer) => (said += text.toString()));
    const box = new MacBox(folder, outer);
    const endMs = performance.now() + BOOT_MS;
    while (performance.now() < endMs && outer.exitCode === null) {
      if (said.includes("ready\n")) {
        const children = `/proc/${outer.pid}/task/${outer.pid}/children`;
        box.#pid = Number(readFileSync(children, "utf8").trim());
        // The first process is a shell outside of the root that it has made.
        box.#pid = box.#innermost();
        return box;
      }
      // Its processes are real and start in their own time.
      await delay(20);
    }
    await box[Symbol.asyncDispose]();
    throw new Error(`the imitated Mac did not start: ${said.slice(-2000)}`);
  }

  /** A path of the Mac as this machine reaches it. */
  at(file: string): string {
    return path.join(`/proc/${this.#pid}/root`, file);
  }

  read(file: string): string {
    return readFileSync(this.at(file), "utf8");
  }

  exists(file: string): boolean {
    return lstatSync(this.at(file), { throwIfNoEntry: false }) !== undefined;
  }

  /** Writes a file as the user has it, or root. */
  write(file: string, text: string, { as = "you", mode = 0o644 } = {}): void {
    const made = mkdirSync(path.dirname(this.at(file)), { recursive: true });
    writeFileSync(this.at(file), text, { mode });
    const [uid, gid] = as === "root" ? [0, 0] : [501, 20];
    chownSync(this.at(file), uid, gid);
    if (made === undefined) return;
    const folders = path.relative(made, path.dirname(this.at(file))).split(path.sep);
    folders.forEach((_, index) => chownSync(path.join(made, ...folders.slice(0, index)), uid, gid));
    chownSync(path.dirname(this.at(file)), uid, gid);
  }

  /** Runs a program as the user in a terminal has it, or as root, to its end. */
  async run(words: readonly string[], options: RunOptions = {}): Promise<CallEnd> {
    const isRoot = options.as === "root";
    const variables = {
      HOME: isRoot ? "/var/root" : "/Users/you",
      USER: isRoot ? "root" : "you",
      LOGNAME: isRoot ? "root" : "you",
      PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
      ...options.environment,
    };
    const assigned = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    const user = IS_ROOT ? [] : ["-U", "--preserve-credentials"];
    const enter = ["-t", `${this.#pid}`, ...user, "-m", "-p", "-r", "-w", "--"];
    const become = ["setpriv", "--reuid", "501", "--regid", "20", "--clear-groups"];
    const child = spawn(
      "nsenter",
      [
        ...enter,
        ...(isRoot ? [] : become),
        "env",
        "-i",
        "-C",
        variables.HOME,
        ...assigned,
        ...words,
      ],
      { stdio: ["ignore", "pipe", "pipe"], detached: true },
    );
    const said = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
    // A limit for a real process that hangs, not a wait.
    const timer = setTimeout(() => process.kill(-(child.pid ?? 0), "SIGKILL"), CALL_MS);
    const closed = once(child, "close");
    // On exit, not on close: what it leaves behind may hold its output open.
    const [status, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    // And a limit for what it has printed to arrive, which the operating system decides.
    const late = new AbortController();
    await Promise.race([closed, delay(LATE_MS, undefined, late).catch(() => undefined)]);
    late.abort();
    clearTimeout(timer);
    return { status, signal, ...said };
  }

  /** Runs `cbi`, as npm would have installed it. */
  async cbi(words: readonly string[], options: RunOptions = {}): Promise<CallEnd> {
    return this.run(["cbi", ...words], options);
  }

  /** What a fake remembers (`fake.ts`), or `initial`. */
  stateOf<T>(name: string, initial: T): T {
    const file = `/opt/mac/state/${name}.json`;
    return this.exists(file) ? (JSON.parse(this.read(file)) as T) : initial;
  }

  /** Lets a fake remember something else. */
  setState(name: string, state: unknown): void {
    this.write(`/opt/mac/state/${name}.json`, JSON.stringify(state), { as: "root" });
  }

  changeLaunchd(change: Partial<LaunchdState>): void {
    this.setState("launchd", { ...this.stateOf("launchd", {}), ...change });
  }

  get services(): Readonly<Record<string, Service>> {
    return this.stateOf<Partial<LaunchdState>>("launchd", {}).services ?? {};
  }

  /** What goes wrong from now on; the numbers of calls begin anew. */
  plant(...faults: readonly Fault[]): void {
    this.forgetCalls();
    this.setState("faults", faults);
  }

  /** The calls of Apple's programs since they were last forgotten. */
  get calls(): Call[] {
    const file = "/opt/mac/state/calls.jsonl";
    if (!this.exists(file)) return [];
    const lines = this.read(file).split("\n").filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Call);
  }

  forgetCalls(): void {
    rmSync(this.at("/opt/mac/state/calls.jsonl"), { force: true });
  }

  /** One of launchd's calendar times comes. */
  async ring(label: string): Promise<CallEnd> {
    return this.#control("ring", label);
  }

  /** Everything ends, and launchd loads what lies in its folder. */
  async reboot(): Promise<CallEnd> {
    return this.#control("reboot");
  }

  /** Sets the Mac's wall clock ahead of this machine's. */
  shiftClock(ms: number): void {
    this.write("/opt/mac/shift-ms", `${ms}`, { as: "root" });
  }

  /**
   * Every file and folder that the Mac has and this machine has not, apart from the rig's own: mode, owner, and
   * what it holds. Two of them are equal when nothing was left behind.
   */
  tree(): Record<string, string> {
    const upper = this.at("/opt/mac/upper");
    const found = globSync("**/*", {
      cwd: upper,
      exclude: (file) => /^opt$|^proc$|\/current\//.test(file),
    });
    const known = found.sort().map((file): [string, string] => {
      const stat = lstatSync(path.join(upper, file));
      const mode = `${(stat.mode & 0o7777).toString(8)} ${stat.uid}`;
      if (stat.isSymbolicLink()) return [file, `-> ${readlinkSync(path.join(upper, file))}`];
      if (!stat.isFile()) return [file, `${mode} ${stat.isDirectory() ? "folder" : "other"}`];
      return [file, `${mode} ${hashText(readFileSync(path.join(upper, file), "base64"))}`];
    });
    return Object.fromEntries(known);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#outer.exitCode === null && this.#outer.signalCode === null) {
      this.#outer.kill("SIGKILL");
      await once(this.#outer, "exit");
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #control(...words: readonly string[]): Promise<CallEnd> {
    return this.run(["/bin/bash", "/opt/mac/control", ...words], { as: "root" });
  }

  /** The process that has the Mac's root: the brain, child of the shell that made it. */
  #innermost(): number {
    const children = readFileSync(`/proc/${this.#pid}/task/${this.#pid}/children`, "utf8");
    return Number(children.trim().split(" ")[0]);
  }
}

const TRIAL = `
t=$(mktemp -d); mount -t tmpfs none $t; mkdir $t/u $t/w $t/r; mkdir $t/u/Library; chown 501 $t/u/Library
mount -t overlay none -o lowerdir=/,upperdir=$t/u,workdir=$t/w $t/r; mount -t proc none $t/r/proc; umount -R $t; rmdir $t`;
