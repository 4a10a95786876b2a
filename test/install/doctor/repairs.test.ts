import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { CronUser } from "../../rig/cron-user.ts";
import { makeHome } from "../home-at.ts";

const BUILT = path.resolve(import.meta.dirname, "../../../dist/cli/cbi.js");
const COMMANDS = "jobs:\n  scan: { kind: command, schedule: ['30 8 * * 1-5'], argv: ['true'] }\n";

void test(
  "cbi doctor --fix mends each planted fault, names it before and after, and nothing twice",
  { skip: process.platform === "linux" ? false : "needs Linux", timeout: 300_000 },
  () => {
    const user = new CronUser();
    const home = makeHome(COMMANDS);
    const cbi = (...words: string[]) =>
      spawnSync(process.execPath, [BUILT, ...words, "--home", home], {
        env: user.environment,
        encoding: "utf8",
      });
    assert.equal(cbi("install", "--host", "cron", "--user", "--yes").status, 0);
    for (const name of ["Logs", "Models/local", "TrainingData"]) {
      mkdirSync(path.join(home, name), { recursive: true });
    }
    assert.doesNotMatch(cbi("doctor", "--fix").stdout, /^(mend|done)/m, "nothing is to be mended");

    const config = path.join(home, "cbi.yaml");
    const script = path.join(user.app, "cron/scan");
    rmSync(path.join(home, "Logs"), { recursive: true });
    chmodSync(config, 0o666);
    chmodSync(script, 0o777);
    rmSync(path.join(user.app, "cron/logs"), { recursive: true });
    mkdirSync(path.join(user.app, "probe"));
    const table = readFileSync(user.table, "utf8");
    writeFileSync(user.table, "5 4 * * * mine\n");

    const expected = [
      `make the folder ${home}/Logs`,
      `make the folder ${user.app}/cron/logs`,
      `close ${config} from 0666 to 0664`,
      `close ${script} from 0777 to 0700`,
      "take away what an interrupted probe left in cron",
      "tell cron again of crontab",
    ];
    const dry = cbi("doctor", "--fix", "--dry-run").stdout;
    assert.deepEqual(named(dry, "would"), expected);
    assert.equal(statSync(config).mode & 0o777, 0o666, "a dry run changes nothing");
    assert.equal(readFileSync(user.table, "utf8"), "5 4 * * * mine\n");

    const fixed = cbi("doctor", "--fix").stdout;
    assert.deepEqual(named(fixed, "mend"), expected);
    assert.deepEqual(named(fixed, "done"), expected);
    assert.equal(readFileSync(user.table, "utf8"), `5 4 * * * mine\n${table}`);
    assert.match(fixed, /^pass {2}scheduler/m);
    const again = cbi("doctor", "--fix", "--json");
    const { repairs, verdict } = JSON.parse(again.stdout) as { repairs: object[]; verdict: string };
    assert.deepEqual(repairs, []);
    assert.notEqual(verdict, "fail");
    assert.equal(cbi("doctor", "--dry-run").status, 64);
  },
);

function named(text: string, mark: string): string[] {
  return [...text.matchAll(new RegExp(`^${mark} +(.*)$`, "gm"))].map(([, what = ""]) => what);
}
