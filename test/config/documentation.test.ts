import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { ALGORITHMS, configSchema, STAGE_NAMES } from "../../src/config/schema.ts";
import { expectation, schemaAt, schemaPaths } from "../../src/config/expectation.ts";
import { parse, root, SMALL } from "./support.ts";

const page = readFileSync(path.join(root, "docs", "configuration.md"), "utf8");

void test("the page of the configuration has every key, and no key that does not exist", () => {
  const known = new Set(schemaPaths(configSchema).map((one) => one.join(".")));
  const named = new Set(
    [...page.matchAll(/`([a-z_*]+(?:\.[a-z_*]+)*)`(?=[^|\n]*\|)/g)].map((one) => one[1]),
  );
  for (const key of known) assert.ok(page.includes(`\`${key}\``), `the page lacks ${key}`);
  const sections = new Set([...known].map((key) => key.split(".")[0]));
  for (const key of named) {
    if (key === undefined || !key.includes(".") || !sections.has(key.split(".")[0])) continue;
    assert.ok(known.has(key), `the page has ${key}, which the schema lacks`);
  }
});

void test("the page gives the defaults and bounds that the schema has", () => {
  const { origins } = parse(SMALL);
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  for (const [key, { value, path }] of origins) {
    const row = rows.find((line) => line.startsWith(`| \`${key}\` |`));
    if (row === undefined || SMALL.includes(`${key}:`)) continue;
    const isPlain = ["number", "string"].includes(typeof value);
    if (isPlain && path[0] !== "warehouse" && path[0] !== "price" && path[0] !== "jobs") {
      assert.ok(row.includes(`| \`${String(value)}\` |`), `${key}: ${String(value)} in ${row}`);
    }
    const schema = schemaAt(configSchema, path, {});
    const bounds = /from (\S+) to (\S+)$/.exec(schema ? expectation(schema) : "");
    if (bounds && Number(bounds[2]) < 10_000 && path[1] !== "freshness") {
      assert.ok(row.includes(`${bounds[1]} to ${bounds[2]}`), `${key}: ${bounds[0]} in ${row}`);
    }
  }
});

void test("the page names every algorithm, stage and variable", () => {
  for (const name of [...ALGORITHMS, ...STAGE_NAMES]) assert.ok(page.includes(`\`${name}\``), name);
  for (const name of ["CBI_HOME", "CBI_PYTHON_ENV", "NO_COLOR"])
    assert.ok(page.includes(name), name);
});
