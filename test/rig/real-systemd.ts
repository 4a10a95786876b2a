import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, mkdtempSync, readFileSync, rmdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const BOOT = path.resolve(import.meta.dirname, "systemd-boot.sh");
const REPOSITORY = path.resolve(import.meta.dirname, "../..");
/** Whoever enters keeps the machine's rights unless they are taken away: it has one clock. */
const RIGHTS = "-sys_time,-sys_module,-sys_rawio,-wake_alarm";
const BOOT_MS = 30_000;
const CALL_MS = 120_000;

export interface CallEnd {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** A real systemd, booted for a test in about a second, and gone with it. */
export class RealSystemd implements AsyncDisposable {
  readonly #folder: string;
  readonly #outer: ChildProcess;
  #pid = 0;

  private constructor(folder: string, outer: ChildProcess) {
    this.#folder = folder;
    this.#outer = outer;
  }

  /** Why none can be booted here, as the reason of a skipped test; false where one can. */
  static get unavailable(): string | false {
    const reason = "needs root and a systemd that boots in namespaces";
    if (process.platform !== "linux" || process.getuid?.() !== 0) return reason;
    const tools = [
      "/lib/systemd/systemd",
      "/usr/bin/unshare",
      "/usr/bin/nsenter",
      "/usr/bin/dbus-daemon",
    ];
    if (!tools.every((tool) => existsSync(tool))) return reason;
    if (!/ cgroup2 /.test(readFileSync("/proc/mounts", "utf8"))) return reason;
    const tried = spawnSync("unshare", ["--pid", "--mount", "--fork", "--net", "true"]);
    return tried.status === 0 ? false : reason;
  }

  static async boot(): Promise<RealSystemd> {
    const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-systemd-"));
    const outer = spawn(BOOT, [folder, REPOSITORY], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    outer.stdout.on("data", (text: Buffer) => (said += text.toString()));
    outer.stderr.on("data", (text: Buffer) => (said += text.toString()));
    const machine = new RealSystemd(folder, outer);
    const endMs = performance.now() + BOOT_MS;
    while (performance.now() < endMs && outer.exitCode === null) {
      if (machine.#isUp()) return machine;
      // A real systemd boots in its own time.
      await delay(50);
    }
    await machine[Symbol.asyncDispose]();
    throw new Error(`systemd did not boot: ${said.slice(-2000)}`);
  }

  /** Runs a program inside as root. */
  run(words: readonly string[], environment: Record<string, string> = {}): CallEnd {
    const [program = "", ...rest] = this.entering(words, environment);
    return spawnSync(program, rest, { encoding: "utf8", timeout: CALL_MS });
  }

  /** The words that run a program inside as root, for whoever starts it elsewhere. */
  entering(words: readonly string[], environment: Record<string, string> = {}): string[] {
    const variables = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", ...environment };
    const assigned = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    const enter = ["-t", `${this.#pid}`, "-m", "-p", "-u", "-i", "-n", "-C", "-r", "-w", "--"];
    const rest = ["setpriv", "--bounding-set", RIGHTS, "env", "-i", ...assigned, ...words];
    return ["nsenter", ...enter, ...rest];
  }

  /** Runs a program inside as a login of the user has it, whose manager must be there. */
  runAs(user: string, words: readonly string[]): CallEnd {
    const uid = this.run(["id", "-u", user]).stdout.trim();
    return this.run(["runuser", "-u", user, "--", ...words], {
      HOME: `/home/${user}`,
      USER: user,
      XDG_RUNTIME_DIR: `/run/user/${uid}`,
      DBUS_SESSION_BUS_ADDRESS: `unix:path=/run/user/${uid}/bus`,
    });
  }

  /** Paths below `/` that this systemd's machine has and the real one has not, by a part of their name. */
  written(part: string): string[] {
    const upper = path.join(this.#folder, "upper");
    return globSync(`**/*${part}*`, { cwd: upper }).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#pid !== 0) process.kill(this.#pid, "SIGKILL");
    else this.#outer.kill("SIGKILL");
    if (this.#outer.exitCode === null && this.#outer.signalCode === null) {
      await once(this.#outer, "exit");
    }
    spawnSync("umount", ["-l", this.#folder]);
    rmdirSync(this.#folder);
    const [group] = globSync(`/sys/fs/cgroup/**/${path.basename(this.#folder)}`);
    if (group) spawnSync("find", [group, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"]);
  }

  #isUp(): boolean {
    if (this.#pid === 0) {
      const children = spawnSync("pgrep", ["-P", `${this.#outer.pid}`, "-x", "systemd"]);
      this.#pid = Number(children.stdout.toString().trim());
    }
    if (this.#pid === 0) return false;
    return /^(running|degraded)$/.test(this.run(["systemctl", "is-system-running"]).stdout.trim());
  }
}
