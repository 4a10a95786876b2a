import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { CronUser } from "../rig/cron-user.ts";
import { pollUntil } from "../rig/processes.ts";
import { makeHome } from "./home-at.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../..");
const COMMANDS = "jobs:\n  scan: { kind: command, schedule: ['30 8 * * 1-5'], argv: ['true'] }\n";
/** What an older Node on the PATH would do with anything that it is given. */
const OLDER = `#!/bin/sh
[ "$1" = --version ] && echo v18.20.4 && exit
echo "an older Node was started: $*" >&2
exit 99
`;
void test(
  "from the packed tarball, with an older Node on the PATH: a second version beside the first",
  { skip: process.platform === "linux" ? false : "needs Linux", timeout: 300_000 },
  async () => {
    const user = new User();
    const first = user.unpack("0.1.0");
    const home = makeHome(COMMANDS);
    const config = path.join(home, "cbi.yaml");
    const versions = path.join(user.app, "versions");

    const early = user.run(first, "upgrade");
    assert.equal(early.status, 1);
    assert.match(early.stderr, /no home of this user is installed.*\n.*cbi install/);
    const installed = user.run(
      first,
      "install",
      "--host",
      "cron",
      "--user",
      "--yes",
      "--home",
      home,
    );
    assert.equal(installed.status, 0, installed.stderr);
    assert.match(user.run(first, "upgrade", "--yes").stdout, /nothing was changed/);

    // Something runs from it while the newer one comes.
    const running = spawn(user.node, [user.entry, "daemon", "--home", home], {
      env: user.environment,
    });
    try {
      await pollUntil("the daemon is at work", () =>
        existsSync(path.join(home, "Logs/daemon.heartbeat.json")),
      );
      writeFileSync(config, readFileSync(config, "utf8").replace("30 8", "45 9"));
      const second = user.unpack("0.2.0");
      const shown = user.run(second, "upgrade", "--dry-run");
      assert.match(shown.stderr, /0\.1\.0 is installed, and this is 0\.2\.0/);
      assert.match(shown.stderr, /a run under way goes on with 0\.1\.0/);
      assert.deepEqual(readdirSync(versions), ["0.1.0"], "a dry run changes nothing");
      assert.equal(user.run(second, "upgrade").status, 64, "nobody agreed");

      const upgraded = user.run(second, "upgrade", "--yes");
      assert.equal(upgraded.status, 0, upgraded.stderr);
      assert.match(upgraded.stdout, /^pass {2}inside/m);
      assert.deepEqual(readdirSync(versions), ["0.1.0", "0.2.0"]);
      assert.match(readFileSync(user.table, "utf8"), /^45 \d+/m);
      assert.equal(spawnSync(user.node, [user.entry, "--version"]).stdout.toString(), "0.2.0\n");
      assert.equal(running.exitCode, null, "what runs goes on");
    } finally {
      running.kill("SIGKILL");
      await once(running, "exit");
    }
    // Its own program brings the installation to the end.
    const last = spawnSync(user.node, [user.entry, "upgrade", "--yes"], {
      env: user.environment,
      encoding: "utf8",
    });
    assert.match(last.stderr, /removed version 0\.1\.0/);
    assert.deepEqual(readdirSync(versions), ["0.2.0"]);
    const gone = user.run(first, "uninstall", "--yes");
    assert.equal(gone.status, 0, gone.stderr);
    assert.ok(!existsSync(user.app));
  },
);

/** A user with an older Node, and packages as npm unpacks them. */
class User extends CronUser {
  readonly node = path.join(this.app, "current/bin/node");
  readonly entry = path.join(this.app, "current/node_modules/cbi/dist/cli/cbi.js");

  constructor() {
    super();
    this.program("node", OLDER);
  }

  /** `cbi` of a package, started as npx does: its own `.bin` comes first on the PATH. */
  run(
    packaged: string,
    ...words: string[]
  ): { status: number | null; stdout: string; stderr: string } {
    const bin = path.join(packaged, "node_modules/.bin");
    const PATH = `${bin}:${this.environment["PATH"]}`;
    const env = { ...this.environment, PATH };
    return spawnSync(path.join(bin, "cbi"), words, { cwd: packaged, env, encoding: "utf8" });
  }

  /** An empty folder in which the packed tarball has been unpacked, with what it depends on. */
  unpack(version: string): string {
    const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-packed-"));
    const modules = path.join(folder, "node_modules");
    mkdirSync(path.join(modules, ".bin"), { recursive: true });
    // The build is there already, and others may be using it.
    const words = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder];
    const name = execFileSync("npm", words, { cwd: REPOSITORY, encoding: "utf8" }).trim();
    mkdirSync(path.join(modules, "cbi"));
    const tarball = path.join(folder, name.split("\n").at(-1) ?? "");
    execFileSync("tar", ["-xzf", tarball, "--strip-components=1"], {
      cwd: path.join(modules, "cbi"),
    });
    const manifest = path.join(modules, "cbi/package.json");
    const text = readFileSync(manifest, "utf8");
    writeFileSync(manifest, text.replace(/"version": "[^"]+"/, `"version": "${version}"`));
    for (const name of readdirSync(path.join(REPOSITORY, "node_modules"))) {
      if (name.startsWith(".")) continue;
      symlinkSync(path.join(REPOSITORY, "node_modules", name), path.join(modules, name));
    }
    symlinkSync("../cbi/dist/cli/cbi.js", path.join(modules, ".bin/cbi"));
    symlinkSync("../node/bin/node", path.join(modules, ".bin/node"));
    return folder;
  }
}
