import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { RealSystemd } from "../rig/real-systemd.ts";

const REPOSITORY = path.resolve(import.meta.dirname, "../..");
const NODE = path.join(REPOSITORY, "node_modules/node/bin/node");
const BUILT = path.join(REPOSITORY, "dist/cli/cbi.js");
const CONFIG = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
jobs:
  scan: { kind: command, schedule: ['30 8 * * 1-5'], argv: ['true'] }
  manage: { kind: command, every: 1m, argv: ['true'] }
`;
const hasCron = existsSync("/usr/bin/crontab") && existsSync("/usr/sbin/cron");
const skip = RealSystemd.unavailable || (hasCron ? false : "needs root and a real cron");

void test(
  "a real crontab takes our lines beside the user's, and gives them back",
  { skip, timeout: 300_000 },
  async () => {
    await using machine = await RealSystemd.boot();
    // A folder whose name has what a crontab and a shell would trip over.
    const data = "/home/you/it's 100% data";
    assert.equal(machine.run(["useradd", "-m", "you"]).status, 0);
    const run = (...words: string[]): string => {
      const environment = { HOME: "/home/you", USER: "you", XDG_DATA_HOME: data };
      const end = machine.run(["runuser", "-u", "you", "--", ...words], environment);
      assert.equal(end.status, 0, `${words.join(" ")}: ${end.stdout}${end.stderr}`);
      return end.stdout;
    };
    const shell = (line: string, ...words: string[]): string =>
      run("sh", "-c", line, "sh", ...words);
    shell(`mkdir -p ~/oil "$2"; printf '%s' "$1" > ~/oil/cbi.yaml`, CONFIG, data);
    shell(`echo '5 4 * * * echo mine' | crontab -`);
    run(NODE, BUILT, "install", "--host", "cron", "--user", "--yes", "--home", "/home/you/oil");
    const lines = run("crontab", "-l").split("\n");
    assert.ok(lines.includes("5 4 * * * echo mine"));
    const every = lines.find((line) => line.startsWith("* * * * * ")) ?? "";
    // What cron makes of the line: an escaped percent sign is one, and a shell runs the rest.
    shell(every.slice("* * * * * ".length).replaceAll("\\%", "%"));
    assert.match(shell(`cat "$1/cbi/cron/logs/manage.log"`, data), /manage/);
    run(NODE, BUILT, "uninstall", "--yes");
    assert.equal(run("crontab", "-l").trim(), "5 4 * * * echo mine");
    assert.equal(shell(`ls "$1"`, data), "");
  },
);
