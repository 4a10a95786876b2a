import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { cronFiles } from "../../../src/host/cron/cron-files.ts";
import { hostedHome, hostedJob } from "../hosted-home.ts";

void test("hours of the same minute and weekdays share a line, in the machine's zone", () => {
  const jobs = [
    hostedJob("nightly", { schedule: ["0 0 * * *"] }),
    hostedJob("scan", { schedule: ["30 8 * * 1-5"] }),
    hostedJob("manage", { every: "1m" }),
  ];
  const appFolder = "/opt/cbi";
  const home = hostedHome({ jobs, program: { ...hostedHome().program, appFolder } });
  assert.equal(
    cronFiles(home).files.find(({ path: file }) => file === "/etc/cron.d/cbi")?.content,
    [
      "# cbi begins: /Users/you/cbi",
      "0 5,6 * * * you /opt/cbi/cron/nightly",
      "30 13,14 * * 1,2,3,4,5 you /opt/cbi/cron/scan",
      "* * * * * you /opt/cbi/cron/manage",
      "@reboot you /opt/cbi/cron/watchdog",
      "7,37 * * * * you /opt/cbi/cron/watchdog",
      "# cbi ends",
      "",
    ].join("\n"),
  );
});

void test("a user's lines name no user and stay out of /etc", () => {
  const { files } = cronFiles(hostedHome({ scope: "user" }));
  const table = files.find(({ path: file }) => file.endsWith("/cron/crontab"));
  assert.match(
    table?.content ?? "",
    /^0 5,6 \* \* \* '\/Users\/you\/Library\/Application Support/m,
  );
  assert.ok(files.every(({ path: file, owner }) => owner === "user" && !file.startsWith("/etc")));
});

void test("a percent sign in a path is escaped, which would end the command otherwise", () => {
  const program = { ...hostedHome().program, appFolder: "/opt/100%" };
  const { files } = cronFiles(hostedHome({ program }));
  const table = files.find(({ path: file }) => file === "/etc/cron.d/cbi");
  assert.match(table?.content ?? "", /'\/opt\/100\\%\/cron\/nightly'$/m);
});

void test("the script hands over exactly the words and variables that were meant", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-cron-"));
  const odd = path.join(folder, `it's "100%" $HOME \`x\` \\ Öl`);
  mkdirSync(path.join(odd, "cron", "logs"), { recursive: true });
  const node = path.join(odd, "node");
  writeFileSync(
    node,
    `#!/bin/sh\nfor word; do printf '<%s>\\n' "$word"; done; printf '%s\\n' "$ODD"\n`,
  );
  chmodSync(node, 0o755);
  const home = hostedHome({
    root: `${odd}/home`,
    program: { appFolder: odd, node, entry: `${odd}/cbi.js` },
    environment: { PATH: "/usr/bin:/bin", ODD: odd },
  });
  const script = cronFiles(home).files.find(({ path: file }) => file.endsWith("/cron/nightly"));
  assert.ok(script);
  assert.equal(script.mode, 0o700);
  writeFileSync(script.path, script.content);
  const ran = spawnSync("/bin/sh", [script.path], { encoding: "utf8" });
  assert.equal(ran.status, 0, ran.stderr);
  const words = [`${odd}/cbi.js`, "run", "nightly", "--scheduled", "--home", `${odd}/home`];
  assert.equal(
    readFileSync(path.join(odd, "cron", "logs", "nightly.log"), "utf8"),
    `${[...words.map((word) => `<${word}>`), odd].join("\n")}\n`,
  );
});
