import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { catalog } from "../../../src/cli/catalog.ts";
import type { CommandContext } from "../../../src/cli/command.ts";
import { dispatch } from "../../../src/cli/dispatch.ts";
import { configJsonSchemaText } from "../../../src/config/json-schema.ts";
import { demoText, root, SMALL } from "../../config/support.ts";
import { keptContext } from "../support.ts";

const folder = mkdtempSync(path.join(tmpdir(), "cbi-config-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function makeHome(name: string, text: string): string {
  const home = path.join(folder, name);
  mkdirSync(path.join(home, "TrainingData", "raw"), { recursive: true });
  writeFileSync(path.join(home, "cbi.yaml"), text);
  return home;
}

async function run(
  words: string,
  rest: Partial<CommandContext>,
): Promise<{ exit: number; written: string; remarked: string }> {
  const context = keptContext(rest);
  const exit = await dispatch(words.split(" "), context, catalog);
  return { exit, written: context.written(), remarked: context.remarked() };
}

void test("config show aligns every value with its origin", async () => {
  const home = makeHome("show", `${SMALL}train: { folds: 4 }\n`);
  const environment = { CBI_CONFIG__train__seed: "11" };
  const { exit, written } = await run("config show", { workingDirectory: home, environment });
  assert.equal(exit, 0);
  const lines = written.trimEnd().split("\n");
  const words = lines.map((line) => line.split(/ {2,}/));
  assert.ok(words.every((columns) => columns.length === 3));
  const find = (key: string): string[] | undefined => words.find(([first]) => first === key);
  assert.deepEqual(find("train.folds"), ["train.folds", "4", "cbi.yaml:6"]);
  assert.deepEqual(find("train.seed"), ["train.seed", "11", "CBI_CONFIG__train__seed"]);
  assert.deepEqual(find("zone"), ["zone", "America/New_York", "default"]);
  const origins = lines.map((line) => line.search(/(default|cbi\.yaml:\d+|CBI_CONFIG__\S+)$/));
  assert.equal(new Set(origins).size, 1);
});

void test("config show --set leaves the defaults out", async () => {
  const { written } = await run("config show --set", { workingDirectory: makeHome("set", SMALL) });
  assert.doesNotMatch(written, /default$/m);
  assert.match(written, /^symbol +WTI +cbi\.yaml:2$/m);
});

void test("config show is coloured on a terminal only, and not under NO_COLOR", async () => {
  const home = makeHome("colour", SMALL);
  const at = async (isTerminal: boolean, environment: Record<string, string>): Promise<string> =>
    (await run("config show", { workingDirectory: home, isTerminal, environment })).written;
  const plain = await at(false, {});
  const coloured = await at(true, {});
  assert.notEqual(coloured, plain);
  assert.equal(stripVTControlCharacters(coloured), plain);
  assert.equal(await at(true, { NO_COLOR: "1" }), plain);
});

void test("config show --json gives values with their kinds and places", async () => {
  const home = makeHome("json", SMALL);
  const { written } = await run("config show --json", { workingDirectory: home });
  const answer = JSON.parse(written) as {
    home: string;
    config_hash: string;
    values: { key: string; value: unknown; origin: unknown }[];
  };
  assert.equal(answer.home, home);
  assert.match(answer.config_hash, /^[0-9a-f]{64}$/);
  const found = answer.values.find(({ key }) => key === "symbol");
  assert.deepEqual(found, {
    key: "symbol",
    value: "WTI",
    origin: { kind: "file", line: 2, column: 1 },
  });
});

void test("config check sums up a valid home and warns of files that are not there", async () => {
  const home = makeHome("check", SMALL);
  const { exit, written, remarked } = await run("config check", { workingDirectory: home });
  assert.equal(exit, 0);
  assert.match(written, /cbi\.yaml is valid\./);
  assert.match(written, /WTI, priced by wti\.usd/);
  assert.match(remarked, /warehouse\.sources\.wti names .*raw\/wti\.csv, which is not there/);
  assert.match(remarked, /warehouse\.prepare names/);
  const demo = await run("config check", { workingDirectory: root });
  assert.deepEqual([demo.exit, demo.remarked], [0, ""]);
});

void test("config check --json of an invalid home lists the problems and is 78", async () => {
  const home = makeHome("invalid", demoText.replace("folds: 5", "folds: 1"));
  const { exit, written } = await run("config check --json", { workingDirectory: home });
  const answer = JSON.parse(written) as { valid: boolean; problems: { key: string }[] };
  assert.equal(exit, 78);
  assert.equal(answer.valid, false);
  assert.deepEqual(
    answer.problems.map(({ key }) => key),
    ["train.folds"],
  );
});

void test("config schema prints what is committed, without a home", async () => {
  const { exit, written } = await run("config schema", { workingDirectory: folder });
  assert.deepEqual([exit, written], [0, configJsonSchemaText()]);
});
