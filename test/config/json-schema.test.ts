import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Ajv } from "ajv";
import { parse as parseYaml } from "yaml";
import { configJsonSchemaText } from "../../src/config/json-schema.ts";
import { demoText, root, sentencesOf, SMALL } from "./support.ts";

const text = configJsonSchemaText();
const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  JSON.parse(text) as object,
);

void test("the committed JSON Schema is that of the code", () => {
  const committed = readFileSync(path.join(root, "schema", "cbi.schema.json"), "utf8");
  assert.equal(committed, text, "run: node scripts/generate/config-schema.ts");
});

void test("the demo's cbi.yaml names the schema and fits it", () => {
  assert.match(demoText, /^# yaml-language-server: \$schema=\.\/schema\/cbi\.schema\.json$/m);
  assert.ok(validate(parseYaml(demoText)), JSON.stringify(validate.errors));
});

void test("what an editor calls wrong, the loader calls wrong, and the reverse for these", () => {
  const bad = [
    `${SMALL}calender: XNYS`,
    `${SMALL}as_of: tomorrow`,
    `${SMALL}train: { folds: 1 }`,
    `${SMALL}train: { folds: "5" }`,
    `${SMALL}train: { fold: 5 }`,
    `${SMALL}train: { workers: many }`,
    `${SMALL}train: { window: 10 }`,
    `${SMALL}train: { algorithms: [] }`,
    `${SMALL}train: { algorithms: [forest] }`,
    `${SMALL}train: { parameters: { forest: {} } }`,
    `${SMALL}train: { parameters: { lightgbm_dart: { a: [1] } } }`,
    `${SMALL}jobs: { nightly: { kind: pipeline, stale_after: 26 } }`,
    `${SMALL}jobs: { nightly: { kind: pipeline, stale_after: soon } }`,
    `${SMALL}jobs: { NIGHT: { kind: pipeline } }`,
    `${SMALL}retention: { models: { count: 0 } }`,
    SMALL.replace("version: 1", "version: 2"),
    SMALL.replace("symbol: WTI\n", ""),
    SMALL.replace("{ 1w: 5 }", "{}"),
    SMALL.replace("1w: 5", "1W: 5"),
    SMALL.replace("wti: raw/wti.csv", "wti: { pth: raw/wti.csv }"),
    SMALL.replace("kind: duckdb", "kind: sqlite"),
  ];
  for (const one of bad) {
    assert.ok(!validate(parseYaml(one)), `an editor takes: ${one}`);
    assert.notDeepEqual(sentencesOf(one), [], `the loader takes: ${one}`);
  }
});

void test("editors show what a key is for and what it expects", () => {
  assert.match(
    text,
    /"description": "How far back one training looks: 10y, or all. Expects a number of years/,
  );
  assert.doesNotMatch(text, /"(expects|suggests|secret)"/);
});
