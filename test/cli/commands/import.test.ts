import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { catalog } from "../../../src/cli/catalog.ts";
import { dispatch } from "../../../src/cli/dispatch.ts";
import { loadHome } from "../../../src/config/home.ts";
import { keptContext } from "../support.ts";

const HOME = `# my home
version: 1
symbol: WTI # one
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd }
horizons: { 1w: 5 }
jobs:
    # the scan
    scan: { kind: command, argv: [x] } # tail
retention: # keep
  models: { count: 3 }
`;

const CRONTAB = `CRON_TZ=America/New_York
30 8 * * 1-5 python3 fetch.py --all
0 9 * * * a | b
`;

void test("jobs go to standard output, and what was made of each line to standard error", async () => {
  await using place = await Place.make(HOME);
  const { exitCode, written, remarked } = await place.import("crontab", "my.crontab");
  assert.equal(exitCode, 0);
  assert.equal(
    written,
    `# Imported from crontab my.crontab
jobs:
  # line 2: 30 8 * * 1-5 python3 fetch.py --all
  fetch:
    kind: command
    schedule: [ '30 8 * * 1-5' ]
    zone: America/New_York
    catch_up: { policy: none }
    argv: [ python3, fetch.py, --all ]
  # line 3: 0 9 * * * a | b
  # not active: a pipe (|): a shell's work, and argv is no shell's line. Put the line into a script and name that in argv
  # a:
  #   kind: command
  #   schedule: [ '0 9 * * *' ]
  #   zone: America/New_York
  #   catch_up: { policy: none }
  #   argv: [ ./scripts/write-me.sh ]
`,
  );
  assert.match(remarked, /^line 2 {3}understood fetch: at 30 8 \* \* 1-5 in America\/New_York/m);
  assert.match(remarked, /^line 3 {3}not taken {2}a: written as a comment: a pipe/m);
  assert.match(remarked, /^all {6}differs {4}one run of a job at a time/m);
  assert.equal(await place.config(), HOME, "nothing was written");
});

void test("--write adds them to cbi.yaml and leaves every other byte, and a second time adds nothing", async () => {
  await using place = await Place.make(HOME);
  const dry = await place.import("crontab", "my.crontab", "--write", "--dry-run");
  assert.match(dry.written, /^Would add to .*cbi.yaml: fetch$/m);
  assert.match(dry.written, /^As comments, each with its remedy: a$/m);
  assert.equal(await place.config(), HOME);
  const { exitCode, written } = await place.import("crontab", "my.crontab", "--write");
  assert.equal(exitCode, 0);
  assert.match(written, /^Added to .*cbi.yaml: fetch$/m);
  const text = await place.config();
  const added = text.slice(HOME.indexOf("retention:"), text.indexOf("retention:"));
  assert.equal(text.replace(added, ""), HOME);
  assert.match(added, /^ {4}# Imported from crontab my.crontab\n {4}# line 2/);
  const home = await loadHome({ environment: {}, workingDirectory: place.folder });
  assert.deepEqual(Object.keys(home.config.jobs), ["scan", "fetch"]);
  assert.equal(home.config.retention.models.count, 3);
  const again = await place.import("crontab", "my.crontab", "--write");
  assert.match(again.written, /Nothing to add/);
  assert.match(again.written, /There already: fetch, a/);
  assert.equal(await place.config(), text);
  assert.deepEqual(
    (await readdir(place.folder)).filter((name) => name.includes(".tmp-")),
    [],
  );
});

void test("a home without jobs keeps the night that it had, and an empty section is filled", async () => {
  const [before = "", after = ""] = HOME.split(/jobs:\n.*\n.*\n/);
  await using bare = await Place.make(before + after.trimEnd());
  assert.equal((await bare.import("crontab", "my.crontab", "--write")).exitCode, 0);
  const home = await loadHome({ environment: {}, workingDirectory: bare.folder });
  assert.deepEqual(Object.keys(home.config.jobs), ["nightly", "fetch"]);
  await using empty = await Place.make(`${before}jobs: {} # none yet\n${after}`);
  assert.equal((await empty.import("crontab", "my.crontab", "--write")).exitCode, 0);
  assert.match(await empty.config(), /^jobs: {2}# none yet\n {2}# Imported/m);
  const filled = await loadHome({ environment: {}, workingDirectory: empty.folder });
  assert.deepEqual(Object.keys(filled.config.jobs), ["fetch"]);
});

void test("every home of this repository takes the jobs, and nothing else of it changes", async () => {
  const root = path.resolve(import.meta.dirname, "../../..");
  const homes = ["cbi.yaml", ...globSync("examples/*/cbi.yaml", { cwd: root })];
  assert.equal(homes.length, 5);
  for (const file of homes) {
    const text = await readFile(path.join(root, file), "utf8");
    await using place = await Place.make(text);
    assert.equal((await place.import("crontab", "my.crontab", "--write")).exitCode, 0, file);
    const after = await place.config();
    const start = after.indexOf("  # Imported from");
    const end = start + after.length - text.length;
    assert.equal(after.slice(0, start) + after.slice(end), text, file);
  }
});

void test("a file with Windows line ends keeps them", async () => {
  await using place = await Place.make(HOME.replaceAll("\n", "\r\n"));
  assert.equal((await place.import("crontab", "my.crontab", "--write")).exitCode, 0);
  assert.doesNotMatch(await place.config(), /[^\r]\n/);
});

void test("what would not be valid, or replace a job, is not written", async () => {
  const table: [string, string, RegExp][] = [
    [HOME.replace("scan:", "fetch:"), "CBI_IMPORT_NAME_TAKEN", /a job fetch .* already/],
    [
      HOME.replace(/jobs:\n.*\n.*\n/, "jobs: { scan: { kind: command, argv: [x] } }\n"),
      "CBI_IMPORT_NO_PLACE",
      /in braces/,
    ],
    [HOME.replace("version: 1", "version: 2"), "CBI_CONFIG_INVALID", /version/],
  ];
  for (const [text, code, message] of table) {
    await using place = await Place.make(text);
    await assert.rejects(place.import("crontab", "my.crontab", "--write"), (error: unknown) => {
      assert.ok(error instanceof Error && "code" in error && "exit" in error);
      assert.deepEqual([error.code, error.exit], [code, 78]);
      assert.match(error.message, message);
      return true;
    });
    assert.equal(await place.config(), text);
  }
});

void test("a cbi.yaml that is a link stays one", async () => {
  await using place = await Place.make(HOME);
  const real = path.join(place.folder, "real.yaml");
  await writeFile(real, HOME);
  await rm(path.join(place.folder, "cbi.yaml"));
  await symlink("real.yaml", path.join(place.folder, "cbi.yaml"));
  assert.equal((await place.import("crontab", "my.crontab", "--write")).exitCode, 0);
  assert.match(await readFile(real, "utf8"), /fetch:/);
  assert.equal(await place.config(), await readFile(real, "utf8"));
});

void test("--json has jobs, remarks and the YAML, for a program", async () => {
  await using place = await Place.make(HOME);
  const { written, remarked } = await place.import("crontab", "my.crontab", "--json");
  const answer = JSON.parse(written) as Record<string, unknown>;
  assert.deepEqual(Object.keys(answer), ["jobs", "remarks", "yaml"]);
  const jobs = answer["jobs"] as { name: string; held: string | null }[];
  assert.deepEqual(
    jobs.map(({ name, held }) => [name, held === null]),
    [
      ["fetch", true],
      ["a", false],
    ],
  );
  const remarks = answer["remarks"] as { line: number | null; kind: string }[];
  assert.ok(remarks.some(({ line, kind }) => line === null && kind === "differs"));
  assert.equal(remarked, "");
});

void test("what is no schedule is refused with 65, and a wrong word with 64", async () => {
  await using place = await Place.make(HOME);
  const refused = async (words: string[], code: string, exit: number): Promise<void> => {
    await assert.rejects(place.import(...words), { code, exit }, words.join(" "));
  };
  await writeFile(path.join(place.folder, "empty"), "# nothing\n");
  await writeFile(path.join(place.folder, "latin"), Buffer.from([0x30, 0xe9, 0x0a]));
  await writeFile(path.join(place.folder, "large"), "# x\n".repeat(100_000));
  await refused(["crontab", "missing"], "CBI_IMPORT_UNREADABLE", 65);
  await refused(["crontab", "."], "CBI_IMPORT_UNREADABLE", 65);
  await refused(["crontab", "/dev/zero"], "CBI_IMPORT_UNREADABLE", 65);
  await refused(["crontab", "latin"], "CBI_IMPORT_UNREADABLE", 65);
  await refused(["crontab", "large"], "CBI_IMPORT_UNREADABLE", 65);
  await refused(["crontab", "empty"], "CBI_IMPORT_EMPTY", 65);
  await refused(["cron", "my.crontab"], "CBI_USAGE", 64);
  await refused(["crontab", "my.crontab", "--zone", "Mars/Base"], "CBI_USAGE", 64);
  await refused(["crontab", "my.crontab", "--dry-run"], "CBI_USAGE", 64);
  const json = await place.import("crontab", "empty", "--json");
  assert.equal(json.exitCode, 65);
});

/** A home in a folder of its own, with a crontab beside it. */
class Place implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(config: string): Promise<Place> {
    const folder = await mkdtemp(path.join(os.tmpdir(), "cbi-import-"));
    await writeFile(path.join(folder, "cbi.yaml"), config);
    await writeFile(path.join(folder, "my.crontab"), CRONTAB);
    return new Place(folder);
  }

  config(): Promise<string> {
    return readFile(path.join(this.folder, "cbi.yaml"), "utf8");
  }

  async import(
    ...words: string[]
  ): Promise<{ exitCode: number; written: string; remarked: string }> {
    const context = keptContext({ workingDirectory: this.folder });
    const exitCode = await dispatch(["import", ...words], context, catalog);
    return { exitCode, written: context.written(), remarked: context.remarked() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
