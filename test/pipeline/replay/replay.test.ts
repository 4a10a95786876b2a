import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { RunLock } from "../../../src/guard/run-lock.ts";
import { Ledger } from "../../../src/ledger/ledger.ts";
import { newestRuns } from "../../../src/ledger/runs.ts";
import { exists } from "../../../src/system/files.ts";
import { homePaths } from "../../../src/system/home.ts";
import { pollUntil } from "../../rig/processes.ts";
import { Rig } from "../../rig/rig.ts";
import { essence, evaluationIn, givePrices, nightIn, REPLAY_CONFIG, replayIn } from "./support.ts";

const RANGE = ["--from", "2023-03-01", "--to", "2023-03-16", "--every", "4"];
const DAYS = ["2023-03-01", "2023-03-07", "2023-03-13"];
const NAME = "2023-03-01_2023-03-16_every-4";

let whole: Rig;
let folder = "";
let untouched = "";

before(async () => {
  whole = await Rig.make(undefined, REPLAY_CONFIG);
  folder = whole.file(`Replays/${NAME}`);
  untouched = await treeHash(whole.paths.root);
  const { exitCode, stderr } = await whole.cbi(["replay", ...RANGE]);
  assert.equal(exitCode, 0, stderr);
});
after(async () => whole[Symbol.asyncDispose]());

void test("a replay runs every night as of its own day and leaves the home as it was", async () => {
  assert.equal(await treeHash(whole.paths.root), untouched);
  assert.equal(await whole.read("Replays/.gitignore"), "# What cbi replay writes.\n*\n");
  const replay = await replayIn(folder);
  assert.deepEqual(
    replay.nights.map((night) => [night.as_of, night.outcome]),
    DAYS.map((day) => [day, "done"]),
  );
  using ledger = Ledger.open(homePaths(folder).ledger);
  const runs = newestRuns(ledger, { limit: 10 }).toReversed();
  assert.deepEqual(
    runs.map((run) => [run.asOf, run.trigger, run.state]),
    DAYS.map((day) => [day, "replay", "done"]),
  );
});

void test("what came is read from the price file, counted in its rows", async () => {
  const rows = (await whole.read("TrainingData/raw/wti.csv")).trim().split("\n").slice(1);
  const prices = rows.map((row) => row.split(","));
  const replay = await replayIn(folder);
  for (const { horizon, rows_ahead, forecasts, matured, nights, published } of replay.horizons) {
    assert.equal(nights, DAYS.length, horizon);
    assert.equal(matured, DAYS.length, horizon);
    const errors: number[] = [];
    for (const row of forecasts) {
      const position = prices.findIndex(([date]) => date === row.as_of);
      const [date, price] = prices[position + rows_ahead] ?? [];
      assert.equal(row.settled_on, date);
      assert.equal(row.price_actual, Number(price));
      assert.equal(row.price_now, Number(prices[position]?.[1]));
      if (row.published) errors.push(Math.abs(row.price_predicted - Number(price)));
    }
    assert.equal(errors.length, DAYS.length, horizon);
    const mae = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    assert.ok(Math.abs((published?.metrics.mae ?? 0) - mae) < 1e-9, horizon);
  }
});

void test("the report is one page that needs nothing else", async () => {
  const html = await readFile(path.join(folder, "replay.html"), "utf8");
  assert.match(html, /default-src 'none'/);
  assert.doesNotMatch(html, /<script|src=|https?:\/\//);
  assert.equal(html.match(/<svg viewBox/g)?.length, 4);
  for (const day of DAYS) assert.ok(html.includes(day));
});

void test("no night knows anything later than its day", async (t) => {
  const last = DAYS.at(-1) ?? "";
  await using truncated = await Rig.make(t, REPLAY_CONFIG);
  await givePrices(truncated, "2019-01-01", last);
  const { exitCode, stderr } = await truncated.cbi([
    "replay",
    "--from",
    DAYS[0] ?? "",
    "--every",
    "4",
    "--into",
    truncated.file("past"),
  ]);
  assert.equal(exitCode, 0, stderr);
  // The names of the versions hold hashes of the exported data, the folds and the fits.
  for (const day of DAYS) {
    assert.deepEqual(
      essence(await nightIn(truncated.file("past"), day)),
      essence(await nightIn(folder, day)),
      day,
    );
    assert.deepEqual(
      await evaluationIn(truncated.file("past"), day),
      await evaluationIn(folder, day),
      day,
    );
  }
  const replay = await replayIn(truncated.file("past"));
  assert.equal(replay.prices_through, last);
  assert.deepEqual(
    replay.horizons.map(({ horizon, matured, waiting }) => [horizon, matured, waiting]),
    [
      ["1w", 1, 2],
      ["1m", 0, 3],
    ],
  );
});

void test("a replay that is killed and stopped goes on, and ends as if nothing had been", async (t) => {
  await using rig = await Rig.make(t, REPLAY_CONFIG);
  const own = rig.file(`Replays/${NAME}`);
  const night = (number: number): string => path.join(own, "replay-nights", `${DAYS[number]}.json`);

  const killed = rig.start(["replay", ...RANGE]);
  await pollUntil("the first night is done", () => exists(night(0)));
  await pollUntil("the second trains", () => killed.said().stderr.includes("night 2 of 3"));
  await pollUntil("it has workers", () => rig.processes().length > 1);
  killed.kill("SIGKILL");
  assert.equal((await killed.ended).signal, "SIGKILL");
  await rig.untilNoProcess();
  const first = await readFile(night(0), "utf8");

  const stopped = rig.start(["replay", ...RANGE]);
  await pollUntil("the second night is done", () => exists(night(1)));
  await pollUntil("the third has workers", () => rig.processes().length > 1);
  stopped.interruptGroup();
  const end = await stopped.ended;
  assert.equal(end.exitCode, 130, end.stderr);
  assert.match(end.stderr, /1 of them done already/);
  assert.match(end.stderr, /stopped; 2 of 3 nights are done/);
  await rig.untilNoProcess();
  assert.match((await replayIn(own)).remarks.join(), /Only 2 of 3 nights are done/);

  const { exitCode, stderr } = await rig.cbi(["replay", ...RANGE]);
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /2 of them done already/);
  assert.doesNotMatch(stderr, /night [12] of 3/);
  assert.equal(await readFile(night(0), "utf8"), first);
  for (const day of DAYS) {
    assert.deepEqual(essence(await nightIn(own, day)), essence(await nightIn(folder, day)), day);
  }
  const { horizons } = await replayIn(own);
  const ends = (all: typeof horizons): unknown =>
    all.map(({ forecasts: _forecasts, ...rest }) => rest);
  assert.deepEqual(ends(horizons), ends((await replayIn(folder)).horizons));
});

void test("a changed home is refused and nothing is run; undone, the replay goes on", async (t) => {
  await using rig = await Rig.copyOf(t, whole);
  const own = rig.file(`Replays/${NAME}`);
  const changes: [file: string, from: string, to: string, said: RegExp][] = [
    ["cbi.yaml", "patience: 5", "patience: 6", /train of cbi\.yaml has changed/],
    ["cbi.yaml", "1m: 21", "1m: 22", /horizons of cbi\.yaml has changed/],
    [
      "TrainingData/prepare/20_training.sql",
      "-- One",
      "-- A",
      /prepare\/20_training\.sql has changed/,
    ],
    ["TrainingData/raw/brent.csv", "2019-01-02,", "2019-01-02,9", /raw\/brent\.csv has changed/],
  ];
  for (const [file, from, to, said] of changes) {
    const text = await rig.read(file);
    assert.ok(text.includes(from), file);
    await rig.write(file, text.replace(from, to));
    const kept = await treeHash(own);
    const end = await rig.cbi(["replay", ...RANGE]);
    assert.equal(end.exitCode, 64, end.stderr);
    assert.match(end.stderr, said);
    assert.match(end.stderr, /--fresh/);
    assert.equal(await treeHash(own), kept);
    await rig.write(file, text);
  }
  // What decides no result is no change: a comment, retention, how many workers.
  const text = await rig.read("cbi.yaml");
  const harmless = text.replace("patience: 5 }", "patience: 5, workers: 1 } # fewer");
  await writeFile(rig.file("cbi.yaml"), `${harmless}retention: { runs: { count: 3 } }\n`);
  const end = await rig.cbi(["replay", ...RANGE]);
  assert.equal(end.exitCode, 0, end.stderr);
  assert.match(end.stderr, /3 of them done already/);
  assert.doesNotMatch(end.stderr, /night \d of 3/);
});

void test("--fresh begins anew after a change", async (t) => {
  await using rig = await Rig.copyOf(t, whole);
  const words = ["replay", "--from", "2023-03-13", "--every", "4", "--to", "2023-03-16"];
  const into = ["--into", rig.file(`Replays/${NAME}`)];
  await rig.write(
    "cbi.yaml",
    REPLAY_CONFIG.replace("seed: 7", "").replace("patience: 5", "patience: 6"),
  );
  assert.equal((await rig.cbi([...words, ...into])).exitCode, 64);
  const end = await rig.cbi([...words, ...into, "--fresh"]);
  assert.equal(end.exitCode, 0, end.stderr);
  const replay = await replayIn(rig.file(`Replays/${NAME}`));
  assert.deepEqual(
    replay.nights.map((night) => night.as_of),
    ["2023-03-13"],
  );
  const nights = await readdir(rig.file(`Replays/${NAME}/replay-nights`));
  assert.deepEqual(nights, ["2023-03-13.json"]);
});

void test("a longer replay keeps the nights it has, and does one again that left no word", async (t) => {
  await using rig = await Rig.copyOf(t, whole);
  const own = rig.file(`Replays/${NAME}`);
  // As if it had been killed between the night's end and the note of it.
  await rm(path.join(own, "replay-nights", `${DAYS[2]}.json`));
  const words = ["replay", "--from", "2023-03-01", "--every", "4", "--to", "2023-03-17"];
  const { exitCode, stderr } = await rig.cbi([...words, "--into", own]);
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /replay of 4 nights .*, 2 of them done already/);
  assert.deepEqual(await nightIn(own, DAYS[0] ?? ""), await nightIn(folder, DAYS[0] ?? ""));
  assert.deepEqual(
    essence(await nightIn(own, DAYS[2] ?? "")),
    essence(await nightIn(folder, DAYS[2] ?? "")),
  );
  assert.equal((await replayIn(own)).nights.at(-1)?.as_of, "2023-03-17");
});

void test("two replays do not run in one folder at once", async (t) => {
  await using rig = await Rig.copyOf(t, whole);
  const kept = await treeHash(rig.file(`Replays/${NAME}`));
  using lock = RunLock.tryTake(rig.file(`Replays/${NAME}/replay.lock`));
  assert.ok(lock);
  const end = await rig.cbi(["replay", ...RANGE, "--fresh"]);
  assert.equal(end.exitCode, 75, end.stderr);
  assert.match(end.stderr, /another replay is under way in /);
  assert.equal(await treeHash(rig.file(`Replays/${NAME}`)), kept);
});

void test("a night that fails for another reason than its data stops the replay, to be tried again", async (t) => {
  await using rig = await Rig.copyOf(t, whole);
  const own = rig.file(`Replays/${NAME}`);
  await rm(path.join(own, "replay-nights", `${DAYS[1]}.json`));
  const broken = { CBI_PYTHON_ENV: rig.file("no-environment") };
  await rm(homePaths(own).ledger);
  await rm(homePaths(own).trainings, { recursive: true });
  const end = await rig.cbi(["replay", ...RANGE], { environment: broken });
  assert.notEqual(end.exitCode, 0);
  assert.notEqual(end.exitCode, 65);
  assert.match(end.stderr, /no-environment/);
  assert.ok(!(await exists(path.join(own, "replay-nights", `${DAYS[1]}.json`))));
  assert.match((await replayIn(own)).remarks.join(), /Only 2 of 3 nights are done/);
});

void test("a folder that holds anything else is left alone", async (t) => {
  await using rig = await Rig.copyOf(t, whole);
  await rig.write("mine/letters.txt", "dear");
  await rig.write("damaged/replay-plan.json", "{");
  for (const [into, said] of [
    [".", /is or holds the home itself/],
    ["..", /is or holds the home itself/],
    ["TrainingData", /holds no replay, and is not empty/],
    ["mine", /holds no replay, and is not empty \(letters\.txt\)/],
    ["damaged", /is damaged or of another cbi/],
  ] as const) {
    const kept = await treeHash(rig.paths.root);
    const end = await rig.cbi(["replay", ...RANGE, "--into", rig.file(into), "--fresh"]);
    assert.equal(end.exitCode, 64, end.stderr);
    assert.match(end.stderr, said);
    assert.equal(await treeHash(rig.paths.root), kept, into);
  }
});

void test("a file outside of TrainingData is read where it lies", async (t) => {
  await using rig = await Rig.make(
    t,
    REPLAY_CONFIG.replace("wti: raw/wti.csv", "wti: ../elsewhere/wti.csv"),
  );
  await rig.write("elsewhere/README", "prices that another program writes");
  await rename(rig.file("TrainingData/raw/wti.csv"), rig.file("elsewhere/wti.csv"));
  const kept = await treeHash(rig.paths.root);
  const words = ["replay", "--from", "2023-03-01", "--to", "2023-03-01"];
  const { exitCode, stderr } = await rig.cbi(words);
  assert.equal(exitCode, 0, stderr);
  assert.equal(await treeHash(rig.paths.root), kept);
  const own = rig.file("Replays/2023-03-01_2023-03-01_every-1");
  const rows = async (where: string): Promise<unknown> =>
    (await nightIn(where, "2023-03-01")).forecasts.map((row) => [
      row.algorithm,
      row.price_predicted,
    ]);
  assert.deepEqual(await rows(own), await rows(folder));
  const [horizon] = (await replayIn(own)).horizons;
  assert.equal(horizon?.forecasts[0]?.settled_on, "2023-03-08");
});

void test("--dry-run says which nights would run and writes nothing", async (t) => {
  await using rig = await Rig.make(t, REPLAY_CONFIG);
  const kept = await treeHash(rig.paths.root);
  const { exitCode, stdout } = await rig.cbi(["replay", ...RANGE, "--dry-run", "--json"]);
  assert.equal(exitCode, 0);
  const outlook = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual(outlook["nights"], DAYS);
  assert.deepEqual(outlook["done"], []);
  assert.equal(await treeHash(rig.paths.root), kept);
  assert.deepEqual(await readdir(rig.paths.root), ["Logs", "Models", "TrainingData", "cbi.yaml"]);
});

/** A hash of every file of a home, its replays left out. */
async function treeHash(root: string): Promise<string> {
  const hash = createHash("sha256");
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    // Reading a ledger or taking a lock may touch these and says nothing.
    .filter((file) => !file.startsWith("Replays") && !/-(wal|shm)$/.test(file))
    .sort();
  for (const file of files) hash.update(file).update(await readFile(path.join(root, file)));
  return hash.digest("hex");
}
