import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { CronUser } from "../rig/cron-user.ts";
import { makeHome } from "./home-at.ts";

const BUILT = path.resolve(import.meta.dirname, "../../dist/cli/cbi.js");
void test(
  "the built program installs itself whole, runs from there, and takes itself away",
  { skip: process.platform === "linux" ? false : "needs Linux", timeout: 300_000 },
  () => {
    const { folder: user, bin, environment } = new CronUser();
    for (const name of ["cat", "cp", "date", "rm"]) {
      symlinkSync(path.join("/bin", name), path.join(bin, name));
    }
    const home = makeHome();
    const run = (program: string, ...words: string[]) =>
      spawnSync(program, words, {
        cwd: user,
        env: { ...environment, PATH: bin },
        encoding: "utf8",
      });
    const install = ["install", "--host", "cron", "--user", "--home", home];

    const unasked = run(process.execPath, BUILT, ...install);
    assert.equal(unasked.status, 64, "nobody agreed");
    assert.match(unasked.stderr, /--yes/);
    assert.deepEqual(readdirSync(user), ["bin"]);

    const first = run(process.execPath, BUILT, ...install, "--yes");
    // There is no Python to set the workers up with: a night would fail, which is said, and the rest stays.
    assert.match(first.stderr, /is made first, as by cbi setup/);
    assert.match(first.stderr, /the workers' environment was not made: /);
    assert.equal(first.status, 1, first.stderr);
    assert.match(first.stdout, /^installed cbi /m);
    assert.match(first.stdout, /^fail {2}Python +there is no Python environment/m);
    assert.match(first.stdout, /would fail as it is.*cbi doctor$/m);
    const second = run(process.execPath, BUILT, ...install, "--yes", "--json");
    assert.match(second.stdout, /"result":\{"changed":false\}/);

    const app = path.join(user, ".local/share/cbi");
    const started = run(path.join(app, "cron/nightly"));
    const log = readFileSync(path.join(app, "cron/logs/nightly.log"), "utf8");
    assert.equal(started.status, 0, log);
    assert.match(log, /nothing is due/);

    const own = path.join(app, "current");
    const program = [
      path.join(own, "bin/node"),
      path.join(own, "node_modules/cbi/dist/cli/cbi.js"),
    ] as const;
    const watched = run(...program, "watchdog", "--home", home, "--json");
    assert.doesNotMatch(watched.stdout, /"kind":"host"/, "the installed cron has every job");
    const gone = run(...program, "uninstall", "--yes");
    assert.equal(gone.status, 0, gone.stderr);
    assert.deepEqual(readdirSync(app), ["python"], "where the workers' environment would be");
    assert.ok(!existsSync(path.join(user, "table")));
    assert.match(run(process.execPath, BUILT, "uninstall").stdout, /nothing is installed/);
  },
);
