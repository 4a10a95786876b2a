import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { loadHome } from "../../src/config/home.ts";
import { checksum, valuesFile } from "../../src/config/kept-values.ts";
import { keepLastGood, lastGoodFile } from "../../src/config/last-good.ts";
import { systemClock } from "../../src/system/clock.ts";
import { Failure } from "../../src/system/failure.ts";
import { demoText, SMALL } from "./support.ts";

const folder = mkdtempSync(path.join(tmpdir(), "cbi-home-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function makeHome(
  name: string,
  content: string | Uint8Array = SMALL,
  { ledger = false } = {},
): string {
  const home = path.join(folder, name);
  mkdirSync(path.join(home, "deep", "er"), { recursive: true });
  if (ledger) {
    mkdirSync(path.join(home, "Logs"));
    writeFileSync(path.join(home, "Logs", "ledger.db"), "");
  }
  writeFileSync(path.join(home, "cbi.yaml"), content);
  return home;
}

async function failureOf(workingDirectory: string, rest: object = {}): Promise<Failure> {
  try {
    await loadHome({ environment: {}, workingDirectory, ...rest });
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  return assert.fail("the home was loaded");
}

void test("--home wins over CBI_HOME, that over the nearest cbi.yaml upwards", async () => {
  const [first, second, third] = [makeHome("first"), makeHome("second"), makeHome("third")];
  const below = path.join(third, "deep", "er");
  const environment = { CBI_HOME: second };
  const at = async (request: object): Promise<string> =>
    (await loadHome({ environment: {}, workingDirectory: below, ...request })).paths.root;
  assert.equal(await at({ environment, homeOption: first }), first);
  assert.equal(await at({ environment, homeOption: "../../../first" }), first);
  assert.equal(await at({ environment }), second);
  assert.equal(await at({ environment: { CBI_HOME: "" } }), third);
  assert.equal(await at({}), third);
});

void test("a home that is not there is told by what was looked for, with cbi init", async () => {
  const empty = path.join(folder, "empty");
  mkdirSync(empty);
  const named = await failureOf(folder, { homeOption: "empty" });
  assert.equal(named.code, "CBI_HOME_NOT_FOUND");
  assert.equal(named.exit, 78);
  assert.equal(named.message, `there is no cbi.yaml in ${empty}, which --home names`);
  assert.match(named.remedy ?? "", /cbi init/);
  const byVariable = await failureOf(folder, { environment: { CBI_HOME: empty } });
  assert.match(byVariable.message, /which CBI_HOME names/);
  const nowhere = await failureOf(empty);
  assert.match(nowhere.message, /there is no cbi\.yaml in .*empty or in any folder above it/);
  assert.match(nowhere.remedy ?? "", /--home DIR or CBI_HOME, or make one: cbi init/);
});

void test("a folder named cbi.yaml is not taken for a home", async () => {
  const home = makeHome("outer");
  mkdirSync(path.join(home, "deep", "cbi.yaml"));
  const loaded = await loadHome({ environment: {}, workingDirectory: path.join(home, "deep") });
  assert.equal(loaded.paths.root, home);
});

void test("bytes that are no UTF-8 text are told by line, too many of them by size", async () => {
  const latin = Buffer.concat([Buffer.from(SMALL), Buffer.from("zone: Z\xfcrich\n", "latin1")]);
  const notUtf8 = await failureOf(makeHome("latin", latin));
  assert.match(notUtf8.message, /cbi\.yaml:6:1 {2}expected UTF-8 text, got bytes that are none/);
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(SMALL, "utf16le")]);
  assert.match((await failureOf(makeHome("utf16", utf16))).message, /got UTF-16/);
  const large = `${SMALL}${"#".repeat(256 * 1024)}`;
  const tooLarge = await failureOf(makeHome("large", large));
  assert.match(tooLarge.message, /expected at most 262144 bytes, got \d+/);
  assert.equal(tooLarge.exit, 78);
});

void test("a byte order mark and the line ends of Windows are read over", async () => {
  const home = makeHome("windows", `\uFEFF${SMALL.replaceAll("\n", "\r\n")}`);
  const loaded = await loadHome({ environment: {}, workingDirectory: home });
  assert.equal(loaded.config.symbol, "WTI");
  assert.deepEqual(loaded.origins.get("version")?.origin, { kind: "file", line: 1, column: 1 });
});

const needsModes = process.platform === "win32" ? "needs POSIX file modes" : false;

void test("a file that this user may not read is told so", { skip: needsModes }, async () => {
  const home = makeHome("forbidden");
  chmodSync(folder, 0o755);
  chmodSync(path.join(home, "cbi.yaml"), 0);
  const isRoot = process.geteuid?.() === 0;
  // Root reads everything, so for the time of the reading it is nobody.
  if (isRoot) process.seteuid?.(65_534);
  try {
    assert.match((await failureOf(home)).message, /this user may not read it/);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

void test("the hash is that of the values: order and comments change nothing, a value does", async () => {
  const hashOf = async (name: string, text: string): Promise<string> =>
    (await loadHome({ environment: {}, workingDirectory: makeHome(name, text) })).configHash;
  const [version, ...others] = SMALL.trimEnd().split("\n");
  const shuffled = `# another order\n${others.toReversed().join("\n")}\n${version}\n`;
  assert.equal(await hashOf("plain", SMALL), await hashOf("shuffled", shuffled));
  assert.equal(
    await hashOf("said", `${SMALL}train: { folds: 5 }\n`),
    await hashOf("unsaid", SMALL),
  );
  assert.notEqual(
    await hashOf("changed", SMALL.replace("1w: 5", "1w: 4")),
    await hashOf("same", SMALL),
  );
});

void test("the last good copy is kept by a run, and an error says how to see what changed", async () => {
  const home = makeHome("kept", demoText);
  const loaded = await loadHome({ environment: {}, workingDirectory: home });
  const used = Date.UTC(2026, 10, 20, 5, 0);
  await keepLastGood(loaded, { ...systemClock, now: () => used });
  const copy = lastGoodFile(loaded.paths);
  assert.equal(readFileSync(copy, "utf8"), demoText);
  assert.equal(statSync(copy).mtimeMs, used);

  writeFileSync(path.join(home, "cbi.yaml"), demoText.replace("folds: 5", "folds: 1"));
  const failure = await failureOf(home);
  assert.match(failure.remedy ?? "", /last valid in a run on 2026-11-20 05:00 UTC/);
  assert.match(failure.remedy ?? "", /diff -u .*last-good\.yaml .*cbi\.yaml/);
  assert.equal(readFileSync(copy, "utf8"), demoText);
});

void test("keeping an unchanged copy again only renews its time", async () => {
  const loaded = await loadHome({ environment: {}, workingDirectory: makeHome("again") });
  await keepLastGood(loaded, { ...systemClock, now: () => 1_000_000 });
  const before = statSync(lastGoodFile(loaded.paths)).ino;
  await keepLastGood(loaded, { ...systemClock, now: () => 2_000_000 });
  const stat = statSync(lastGoodFile(loaded.paths));
  assert.deepEqual([stat.ino, stat.mtimeMs], [before, 2_000_000]);
});

void test("the values of a load are used again, and only for the same file and overrides", async () => {
  const home = makeHome("values", demoText, { ledger: true });
  const load = (environment: Record<string, string> = {}) =>
    loadHome({ environment, workingDirectory: home });
  const fresh = await load();
  assert.deepEqual(plain(await load()), plain(fresh));

  // The mark shows which of the two ways the values came.
  markKept(valuesFile(fresh.paths), '"warnings":[]', '"warnings":["kept"]');
  assert.deepEqual((await load()).warnings, ["kept"]);
  assert.equal((await load({ CBI_CONFIG__train__folds: "3" })).config.train.folds, 3);
  const options = [{ name: "--as-of", path: ["as_of"], value: "2024-06-28" }];
  const asOf = await loadHome({ environment: {}, workingDirectory: home, options });
  assert.equal(asOf.config.as_of, "2024-06-28");
  writeFileSync(path.join(home, "cbi.yaml"), demoText.replace("folds: 5", "folds: 4"));
  assert.equal((await load()).config.train.folds, 4);
});

void test("damaged kept values are passed over", async () => {
  const home = makeHome("damaged", demoText, { ledger: true });
  const load = () => loadHome({ environment: {}, workingDirectory: home });
  const fresh = await load();
  const file = valuesFile(fresh.paths);
  const kept = readFileSync(file, "utf8");
  const damages = [
    "",
    "{}",
    "[]",
    "null",
    kept.slice(0, 900),
    kept.replace('"folds":5', '"folds":9'),
  ];
  for (const damage of damages) {
    assert.notEqual(damage, kept);
    writeFileSync(file, damage);
    assert.deepEqual(plain(await load()), plain(fresh));
  }
});

void test("a home in which nothing ran yet gets nothing, nor by a dry run, and values that cannot be kept stop nobody", async () => {
  const bare = makeHome("bare", demoText);
  mkdirSync(path.join(bare, "Logs"));
  await loadHome({ environment: {}, workingDirectory: bare });
  assert.deepEqual(readdirSync(path.join(bare, "Logs")), []);
  const asked = makeHome("asked", demoText, { ledger: true });
  await loadHome({ environment: {}, workingDirectory: asked, leavesNoTrace: true });
  assert.deepEqual(readdirSync(path.join(asked, "Logs")), ["ledger.db"]);

  const hindered = makeHome("hindered", demoText, { ledger: true });
  const { paths } = await loadHome({ environment: {}, workingDirectory: hindered });
  rmSync(valuesFile(paths));
  mkdirSync(path.join(valuesFile(paths), "in-the-way"), { recursive: true });
  assert.equal(
    (await loadHome({ environment: {}, workingDirectory: hindered })).config.train.folds,
    5,
  );
  assert.deepEqual(readdirSync(paths.logs).sort(), ["ledger.db", "values.json"]);
});

/** Changes a kept body and its checksum with it. */
function markKept(file: string, from: string, to: string): void {
  const body = readFileSync(file, "utf8").split("\n")[1]?.replace(from, to) ?? "";
  assert.ok(body.includes(to));
  writeFileSync(file, `${checksum(body)}\n${body}\n`);
}

/** Without the prototypes, which a parsed YAML mapping lacks. */
function plain(home: Awaited<ReturnType<typeof loadHome>>): unknown {
  return JSON.parse(JSON.stringify({ ...home, origins: [...home.origins] }));
}
