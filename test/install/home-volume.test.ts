import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { CronUser } from "../rig/cron-user.ts";
import { Mounts } from "../rig/mounts.ts";
import { makeHome } from "./home-at.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../..");
const NODE = path.join(REPOSITORY, "node_modules/node/bin/node");
const BUILT = path.join(REPOSITORY, "dist/cli/cbi.js");
const COMMANDS = "jobs:\n  scan: { kind: command, schedule: ['30 8 * * 1-5'], argv: ['true'] }\n";
void test(
  "a home whose drive is not mounted is said so, and nothing is made in the drive's place",
  { skip: Mounts.unavailable, timeout: 300_000 },
  async () => {
    await using mounts = await Mounts.open();
    const drive = new Drive(mounts);
    drive.plugIn("oil");
    drive.fill();
    assert.equal(drive.cbi("install", "--host", "cron", "--user", "--yes").status, 0);
    assert.equal(drive.cbi("watchdog").status, 0);

    drive.pull();
    drive.isMissing("it is not mounted");
    // What lay in the folder before the drive was mounted over it is another home.
    drive.fill();
    drive.isMissing("an older copy lies in its place");
    drive.empty();
    drive.plugIn("another");
    drive.fill();
    drive.isMissing("another drive is mounted in its place");

    const moved = drive.cbi("install", "--host", "cron", "--user", "--yes", "--moved");
    assert.equal(moved.status, 0, moved.stderr);
    assert.equal(drive.cbi("watchdog").status, 0);
    assert.equal(drive.cbi("uninstall", "--yes").status, 0, "which needs no home");
  },
);

/** A drive of a namespace, and a user whose cron is a file. */
class Drive {
  readonly #mounts: Mounts;
  readonly #user = new CronUser();
  readonly #mountPoint = mkdtempSync(path.join(os.tmpdir(), "cbi-drive-"));
  readonly #home = path.join(this.#mountPoint, "oil");
  readonly #config = readFileSync(path.join(makeHome(COMMANDS), "cbi.yaml"), "utf8");

  constructor(mounts: Mounts) {
    this.#mounts = mounts;
  }

  plugIn(name: string): void {
    this.#must("mount", "-t", "tmpfs", name, this.#mountPoint);
  }

  pull(): void {
    this.#must("umount", this.#mountPoint);
  }

  fill(): void {
    this.#must("mkdir", "-p", this.#home);
    this.#must("sh", "-c", `printf '%s' "$1" >"$2/cbi.yaml"`, "sh", this.#config, this.#home);
  }

  empty(): void {
    this.#must("rm", "-r", this.#home);
  }

  cbi(...words: string[]): { status: number | null; stdout: string; stderr: string } {
    const environment = { ...this.#user.environment, CBI_HOME: this.#home };
    return this.#mounts.run([NODE, BUILT, ...words], environment);
  }

  /** Whatever writes is refused, and the folder is as it was. */
  isMissing(why: string): void {
    const before = this.#files();
    const asked = [
      ["run", "scan"],
      ["run", "scan", "--scheduled"],
      ["watchdog"],
      ["catchup"],
      ["install", "--host", "cron", "--user", "--yes"],
      ["upgrade", "--yes"],
      ["init", this.#home],
    ];
    for (const words of asked) {
      const { status, stderr } = this.cbi(...words);
      assert.equal(status, 69, `${why}: ${words.join(" ")}: ${stderr}`);
      assert.match(stderr, /was installed on the volume tmpfs oil at .*Connect and mount it/s);
    }
    assert.equal(this.#files(), before, why);
  }

  #files(): string {
    return this.#must("find", this.#mountPoint, "-printf", "%P %T@\n");
  }

  #must(...words: string[]): string {
    const { status, stdout, stderr } = this.#mounts.run(words, {});
    assert.equal(status, 0, stderr);
    return stdout;
  }
}
