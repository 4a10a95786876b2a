import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** A mount namespace of its own, in which a test may mount and unmount without the machine seeing it. */
export class Mounts implements AsyncDisposable {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  /** Why there can be none here, as the reason of a skipped test; false where there can. */
  static get unavailable(): string | false {
    const tried =
      process.platform === "linux" &&
      spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "tried", "/mnt"]).status === 0;
    return tried ? false : "needs root";
  }

  static async open(): Promise<Mounts> {
    // What it prints says that its namespace is there.
    const words = ["--mount", "--propagation", "private", "sh", "-c", "echo up; exec sleep 3600"];
    const holder = spawn("unshare", words, { stdio: ["ignore", "pipe", "inherit"] });
    await once(holder.stdout, "data");
    return new Mounts(holder);
  }

  run(
    words: readonly string[],
    environment: Record<string, string>,
  ): { status: number | null; stdout: string; stderr: string } {
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...environment };
    const enter = ["--mount", "--target", `${this.#holder.pid}`, "--"];
    return spawnSync("nsenter", [...enter, ...words], { env, encoding: "utf8" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.kill("SIGKILL");
    await once(this.#holder, "exit");
  }
}
