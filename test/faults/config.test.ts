import assert from "node:assert/strict";
import { mkdir, rm } from "node:fs/promises";
import { test } from "node:test";
import { assertIntact } from "../rig/intact.ts";
import { QUICK_CONFIG, Rig } from "../rig/rig.ts";

void test("a configuration that turns to nonsense during a run leaves the run alone and stops the next with 78", async (t) => {
  await using rig = await Rig.make(t);
  const running = rig.start(["run", "nightly", "--json"]);
  await running.until("export begins", ({ event }) => event === "stage-started");
  await rig.write("cbi.yaml", "version: 1\nsymbol: [\n\thorizons: nonsense\n");
  const end = await running.ended;
  assert.equal(end.exitCode, 0, "it keeps the snapshot that it began with");
  const before = await rig.statusFile();
  for (const words of [["run", "nightly"], ["run", "nightly", "--dry-run"], ["status"]]) {
    const refused = await rig.cbi(words);
    assert.equal(refused.exitCode, 78, words.join(" "));
    assert.match(refused.stderr, /cbi\.yaml:[23]/, words.join(" "));
    assert.doesNotMatch(refused.stderr, /\n {4}at /);
  }
  const json = await rig.night();
  assert.equal(json.exitCode, 78);
  assert.equal(json.stdout, "");
  assert.match(json.stderr, /"code":"CBI_CONFIG_INVALID"/);
  assert.deepEqual(await rig.statusFile(), before, "what was refused ran nothing");
  await rig.write("cbi.yaml", QUICK_CONFIG);
  const again = await rig.night();
  assert.ok(again.events.every(({ event, reused }) => event !== "stage-finished" || reused));
  await assertIntact(rig, again);
});

void test("a configuration that changes between two nights does again what it decides, and no more", async (t) => {
  await using rig = await Rig.make(t);
  assert.equal((await rig.night()).exitCode, 0);
  await rig.write("cbi.yaml", QUICK_CONFIG.replace("calibration_rows: 60", "calibration_rows: 80"));
  const end = await rig.night();
  const done = end.events
    .filter(({ event, reused }) => event === "stage-finished" && reused !== true)
    .map(({ stage }) => stage);
  assert.deepEqual(done, ["predict", "upload", "evaluate"]);
  await assertIntact(rig, end);
});

const MISTAKES: readonly { name: string; text: string; says: RegExp }[] = [
  {
    name: "a key that is mistyped",
    text: QUICK_CONFIG.replace("folds: 2", "flods: 2"),
    says: /cbi\.yaml:7.*flods[\s\S]*folds/,
  },
  {
    name: "a horizon of a hundred years",
    text: QUICK_CONFIG.replace("1m: 21", "1m: 25200"),
    says: /cbi\.yaml:6[\s\S]*25200/,
  },
  {
    name: "a day that does not exist",
    text: QUICK_CONFIG.replace("2025-12-31", "2025-02-30"),
    says: /cbi\.yaml:3[\s\S]*2025-02-30/,
  },
  {
    name: "a price table that is no source",
    text: QUICK_CONFIG.replace("table: wti", "table: wit"),
    says: /wit[\s\S]*wti/,
  },
  { name: "an empty file", text: "", says: /cbi\.yaml/ },
];

void test("what users mistype is told with its place and the nearest name, and ends with 78 before anything is made", async (t) => {
  await using rig = await Rig.make(t);
  for (const { name, text, says } of MISTAKES) {
    await rig.write("cbi.yaml", text);
    const end = await rig.cbi(["run", "nightly"]);
    assert.equal(end.exitCode, 78, name);
    assert.match(end.stderr, says, name);
    assert.equal(end.stdout, "", name);
  }
  await rm(rig.file("cbi.yaml"));
  const gone = await rig.cbi(["run", "nightly"]);
  assert.equal(gone.exitCode, 78);
  assert.match(gone.stderr, /there is no cbi\.yaml in .*, which CBI_HOME names/);
  await mkdir(rig.file("cbi.yaml"));
  assert.equal((await rig.cbi(["run", "nightly"])).exitCode, 78);
});

void test("what users mistype on the command line ends with 64 and the nearest name, and runs nothing", async (t) => {
  await using rig = await Rig.make(t);
  const mistakes: readonly [readonly string[], RegExp][] = [
    [["run", "nighty"], /nightly/],
    [["run", "nightly", "--from", "trian"], /train/],
    [["run", "nightly", "--from", "train", "--only", "audit"], /exclude each other/],
    [["run", "nightly", "--slot", "2025-12-31T00:00", "--only", "audit"], /does no slot/],
    [["run", "nightly", "--as-of", "31.12.2025"], /2025-12-31|ISO|YYYY|date/],
    [
      ["run", "nightly", "--as-of", "2199-01-04"],
      /has not closed yet; the last session that has is \d{4}/,
    ],
  ];
  for (const [words, says] of mistakes) {
    const end = await rig.cbi(words);
    assert.equal(end.exitCode, 64, words.join(" "));
    assert.match(end.stderr, says, words.join(" "));
  }
  const { status } = await rig.status();
  assert.equal(status.state, "never");
});
