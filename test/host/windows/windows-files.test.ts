import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import * as fc from "fast-check";
import { z } from "zod";
import { windowsCommandLine } from "../../../src/host/windows/quoting.ts";
import { windowsFiles } from "../../../src/host/windows/windows-files.ts";
import { hostedHome, hostedJob } from "../hosted-home.ts";

const APP = "C:\\Users\\Jörg & Söhne\\AppData\\Local\\cbi";

const HOME = hostedHome({
  root: "C:\\Users\\Jörg & Söhne\\<öl> 日本",
  account: { name: "PC\\Jörg & Söhne", folder: "C:\\Users\\Jörg & Söhne" },
  program: {
    appFolder: APP,
    node: `${APP}\\current\\bin\\node.exe`,
    entry: `${APP}\\current\\node_modules\\cbi\\dist\\cli\\cbi.js`,
  },
  jobs: [
    hostedJob("nightly", { schedule: ["0 0 * * *"] }),
    hostedJob("scan", { schedule: ["30 8 * * 1-5"] }),
    hostedJob("manage", { every: "15m" }),
  ],
});

void test("an independent parser reads the tasks as they were meant", () => {
  const tasks = windowsFiles(HOME).files.map(({ path, content, encoding }) => {
    assert.equal(encoding, "utf16");
    const read = spawnSync("python3", ["-c", READ], {
      input: Buffer.from(`\uFEFF${content}`, "utf16le"),
      encoding: "utf8",
    });
    assert.equal(read.status, 0, read.stderr);
    return { path, ...taskSchema.parse(JSON.parse(read.stdout)) };
  });
  assert.deepEqual(
    tasks.map(({ path }) => path.slice(APP.length)),
    ["nightly", "scan", "manage", "watchdog"].map((name) => `\\tasks\\${name}.xml`),
  );
  const [nightly, scan, manage, watchdog] = tasks;
  assert.deepEqual(nightly, {
    path: `${APP}\\tasks\\nightly.xml`,
    user: "PC\\Jörg & Söhne",
    command: HOME.program.node,
    arguments: `"${HOME.program.entry}" run nightly --scheduled --home "${HOME.root}"`,
    triggers: ["CalendarTrigger 2026-01-01T05:00:00", "CalendarTrigger 2026-01-01T06:00:00"],
    weekdays: [],
    settings: { wake: "true", available: "true", policy: "IgnoreNew", limit: "PT0S" },
  });
  assert.equal(new Set(scan?.weekdays).size, 5);
  assert.deepEqual(manage?.triggers, ["TimeTrigger 2026-01-01T00:00:00"], "over 48 times");
  assert.deepEqual(watchdog?.triggers, ["BootTrigger ", "TimeTrigger 2026-01-01T00:07:00"]);
});

void test("a user's tasks run while the user is logged in, the machine's always", () => {
  const [task] = windowsFiles({ ...HOME, scope: "user" }).files;
  assert.match(task?.content ?? "", /<LogonType>InteractiveToken</);
  const watchdog = windowsFiles({ ...HOME, scope: "user" }).files.at(-1)?.content ?? "";
  // At anybody's logon a user may start nothing.
  assert.match(watchdog, /<LogonTrigger>.*<UserId>PC\\Jörg &amp; Söhne<\/UserId><\/LogonTrigger>/);
  assert.match(windowsFiles(HOME).files[0]?.content ?? "", /<LogonType>S4U</);
});

void test("Windows splits a command line into the words that were meant", () => {
  const word = fc.string({
    unit: fc.constantFrom("a", " ", '"', "\\", "\t", "%", "é"),
    minLength: 1,
  });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (words) => {
      assert.deepEqual(split(windowsCommandLine(words)), words);
    }),
    { numRuns: 2000 },
  );
});

/** The rules of the C runtime: 2n backslashes before a mark are n, and one more escapes it. */
function split(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let isQuoted = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? "";
    if (character === "\\") {
      const run = /^\\+/.exec(line.slice(at))?.[0].length ?? 0;
      const isBeforeMark = line[at + run] === '"';
      word = (word ?? "") + "\\".repeat(isBeforeMark ? Math.floor(run / 2) : run);
      at += run - 1;
      if (isBeforeMark && run % 2 === 1) {
        word += '"';
        at += 1;
      }
    } else if (character === '"') {
      isQuoted = !isQuoted;
      word ??= "";
    } else if (!isQuoted && /[ \t]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  return word === undefined ? words : [...words, word];
}

const taskSchema = z.object({
  user: z.string(),
  command: z.string(),
  arguments: z.string(),
  triggers: z.array(z.string()),
  weekdays: z.array(z.string()),
  settings: z.record(z.string(), z.string()),
});

const READ = `
import json, sys, xml.etree.ElementTree as tree
space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
root = tree.fromstring(sys.stdin.buffer.read())
of = lambda name: root.find(".//" + space + name).text
print(json.dumps({
  "user": of("UserId"), "command": of("Command"), "arguments": of("Arguments"),
  "triggers": [one.tag[len(space):] + " " + (one.findtext(space + "StartBoundary") or "")
               for one in root.find(space + "Triggers")],
  "weekdays": [day.tag[len(space):] for day in root.iterfind(".//" + space + "DaysOfWeek/*")],
  "settings": {"wake": of("WakeToRun"), "available": of("StartWhenAvailable"),
               "policy": of("MultipleInstancesPolicy"), "limit": of("ExecutionTimeLimit")},
}))
`;
