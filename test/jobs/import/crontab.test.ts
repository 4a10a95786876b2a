import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import * as fc from "fast-check";
import { expand } from "../../../src/config/expansion.ts";
import { importCrontab } from "../../../src/jobs/import/crontab.ts";
import { literal, type Imported } from "../../../src/jobs/import/imported.ts";
import { readShellLine } from "../../../src/jobs/import/shell-words.ts";
import { assertLoads, only, said } from "./support.ts";

function crontab(text: string, hasUsers = false): Imported {
  const imported = importCrontab(text, { zone: "UTC", hasUsers });
  assertLoads(imported);
  return imported;
}

void test("a plain line becomes a command with its words, its zone and no late start", () => {
  const imported = crontab(`# trading
CRON_TZ=America/New_York
0 8 * * 1-5 python3 scripts/pnl.py --fmt 'a "b" {slot}' c\\ d ""
`);
  assert.deepEqual(only(imported), {
    name: "pnl",
    line: 3,
    source: `0 8 * * 1-5 python3 scripts/pnl.py --fmt 'a "b" {slot}' c\\ d ""`,
    settings: {
      kind: "command",
      schedule: ["0 8 * * 1-5"],
      zone: "America/New_York",
      catch_up: { policy: "none" },
      argv: ["python3", "scripts/pnl.py", "--fmt", 'a "b" {{slot}}', "c d", ""],
    },
    held: undefined,
  });
  assert.match(said(imported, 2), /understood: the jobs that follow are in America\/New_York/);
  assert.match(said(imported), /differs: relative paths/);
  assert.doesNotMatch(said(imported), /times are those of UTC/);
});

void test("what needs a shell is a comment with its remedy", () => {
  const table: [string, RegExp, readonly string[] | undefined][] = [
    [
      "cd /srv && run x >> out.log 2>&1",
      /cd … && before the program, redirected output/,
      ["run", "x"],
    ],
    ["a | b", /a pipe \(\|\)/, undefined],
    ["a && b", /several commands \(&&\)/, undefined],
    ["a; b", /several commands \(;\)/, undefined],
    ["a &", /in the background/, undefined],
    ["a < in", /a redirect \(<\)/, undefined],
    ["a $HOME", /a variable/, ["a", "$HOME"]],
    ['a "$(date)"', /a variable or substitution/, ["a", "$(date)"]],
    ["a `date`", /a substitution/, ["a", "`date`"]],
    ["rm /tmp/*.log", /a pattern/, ["rm", "/tmp/*.log"]],
    ["~/bin/x", /the home folder/, ["~/bin/x"]],
    ["a {b,c}", /braces/, ["a", "{b,c}"]],
    ["(a)", /a subshell/, undefined],
    ["a 'b", /a quote that is not closed/, undefined],
    [". ./env.sh", /the shell's own/, undefined],
    ["bash -lc 'a b'", /a shell's line/, ["bash", "-lc", "a b"]],
    ["mail me%hello", /% begins a new line/, ["mail", "me"]],
  ];
  for (const [command, reason, argv] of table) {
    const job = only(crontab(`0 1 * * * ${command}\n`));
    assert.match(job.held ?? "", reason, command);
    assert.match(job.held ?? "", /script|Uncomment/, command);
    assert.deepEqual(job.settings["argv"], argv ?? ["./scripts/write-me.sh"], command);
  }
  assert.equal(only(crontab("0 1 * * * cd /srv && run x\n")).settings["cwd"], "/srv");
});

void test("an escaped percent sign is one, and an assignment before the program is its environment", () => {
  const job = only(crontab("PATH=/usr/bin\n0 1 * * * FORCE=true date +\\%Y\n"));
  assert.equal(job.held, undefined);
  assert.deepEqual(job.settings["argv"], ["date", "+%Y"]);
  assert.deepEqual(job.settings["env"], { PATH: "/usr/bin", FORCE: "true" });
});

void test("a backslash at a line's end is told, since cron cuts there", () => {
  const imported = crontab(
    "15 5 * * 1-5 cd /opt && \\\n  bin/etl daily >> out 2>&1\n0 6 * * * b\n",
  );
  assert.equal(imported.jobs.length, 2);
  const [job, other] = imported.jobs;
  assert.match(job?.held ?? "", /ends with a backslash, where cron ends the command too/);
  assert.deepEqual(job?.settings["argv"], ["bin/etl", "daily"]);
  assert.equal(job?.name, "etl-daily");
  assert.equal(other?.line, 3);
  assert.equal(other?.held, undefined);
});

void test("what differs under our laws is said of the line", () => {
  const imported = crontab("CRON_TZ=America/New_York\n30 2 1 * 1 a\n0 12 * * * b\n");
  assert.match(said(imported, 2), /differs: either day field may name the day/);
  assert.match(
    said(imported, 2),
    /differs: in a night in which America\/New_York changes its clocks/,
  );
  assert.doesNotMatch(said(imported, 3), /differs/);
});

void test("what cannot be taken is said with its place, and the rest is taken", () => {
  const imported = crontab(`MAILTO=me@example.com
@reboot a
61 * * * * b
0 0 L * * c
0 5
CRON_TZ=Mars/Base
@hourly d
`);
  assert.equal(only(imported).name, "d");
  assert.match(said(imported, 1), /not-taken: MAILTO/);
  assert.match(said(imported, 2), /not-taken: @reboot/);
  assert.match(said(imported, 3), /minute, position 1: expected 0 to 59/);
  assert.match(said(imported, 4), /day of month, position 5/);
  assert.match(said(imported, 5), /five fields/);
  assert.match(said(imported, 6), /no IANA zone/);
});

void test("a system's crontab has a user before the command", () => {
  const imported = crontab("0 5 * * * root /bin/a b\n", true);
  assert.deepEqual(only(imported).settings["argv"], ["/bin/a", "b"]);
  assert.match(said(imported, 1), /differs: ran as root/);
});

void test("names are of what is run, and never twice", () => {
  const imported = crontab(`0 1 * * * /usr/bin/env python3 -u /srv/Fetch_Prices.py 7
0 2 * * * python3 /srv/fetch_prices.py
0 3 * * * production_cron.sh daily_etl --now
0 4 * * * /srv/9lives
`);
  const names = imported.jobs.map(({ name }) => name);
  assert.deepEqual(names, [
    "fetch-prices",
    "fetch-prices-2",
    "production-cron-daily-etl",
    "job-9lives",
  ]);
});

void test("a text that seems to hold values of ours stays as it is", () => {
  const values = {
    slot: "s",
    slot_date: "d",
    as_of: "a",
    trading_date: "t",
    run: "r",
    job: "j",
    attempt: "1",
    home: "h",
  };
  const pieces = fc.constantFrom("{", "}", "slot", "as_of", ":compact", "x", " ", "1");
  const texts = fc.array(pieces).map((parts) => parts.join(""));
  fc.assert(
    fc.property(texts, (text) => {
      assert.deepEqual(expand(literal(text), values), { text });
    }),
    { numRuns: 2000 },
  );
});

void test("words are those that a real shell sees", () => {
  const pieces = fc.constantFrom(
    "a",
    "b c",
    "'",
    '"',
    "\\",
    " ",
    "$",
    "-x",
    "=",
    "#",
    "{",
    "é",
    "%",
  );
  const lines = fc.sample(
    fc.array(pieces, { minLength: 1, maxLength: 12 }).map((parts) => parts.join("")),
    { numRuns: 600, seed: 20_261_121 },
  );
  const plain = lines.filter((line) => {
    const read = readShellLine(line);
    return read.beyond === undefined && Object.keys(read.environment).length === 0;
  });
  assert.ok(plain.length > 100, `only ${plain.length} plain lines`);
  // One shell for all: each line's words as arguments of a function that prints them.
  const script = `p() { for w in "$@"; do printf '%s\\001' "$w"; done; printf '\\002'; }\n${plain
    .map((line) => `p ${line}`)
    .join("\n")}\n`;
  const { stdout } = spawnSync("sh", ["-s"], { input: script, encoding: "utf8" });
  const seen = stdout.split("\u0002").slice(0, -1);
  assert.equal(seen.length, plain.length);
  for (const [index, line] of plain.entries()) {
    const words = (seen[index] ?? "").split("\u0001").slice(0, -1);
    assert.deepEqual(readShellLine(line).argv, words, line);
  }
});

void test("no text makes the importer throw, and what it writes loads", () => {
  const pieces = fc.constantFrom(
    ..."0 1 * * *|*/5 9-16 * * 1-5|@daily|a|b.py|'|\"|\\|\n|\r\n| |#|: |{|}|%|$|>|&&|jobs:|- x|?|CRON_TZ=UTC|\u0000|\u001b[2J|\u2028|\t|é|=|,".split(
      "|",
    ),
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
      crontab(parts.join(""));
    }),
    { numRuns: 400 },
  );
});

void test("a file of too many lines ends", () => {
  const imported = crontab("* * * * * a\n".repeat(2000));
  assert.equal(imported.jobs.length, 500);
  assert.match(said(imported, 501), /too many lines/);
});
