import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { SMALL } from "../config/support.ts";
import { cbi } from "./support.ts";

const folder = mkdtempSync(path.join(tmpdir(), "cbi-main-"));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(path.join(folder, "cbi.yaml"), `${SMALL}train: { folds: 1 }\n`);

void test("a failure is a sentence and its remedy on standard error, without a stack", () => {
  const { status, stdout, stderr } = cbi(["config", "shwo"]);
  assert.deepEqual([status, stdout], [64, ""]);
  assert.equal(
    stderr,
    "cbi: there is no command 'config shwo'\n     Did you mean: cbi config show? See: cbi config --help\n",
  );
});

void test("with --json a failure is JSON, with every problem of the configuration", () => {
  const { status, stderr } = cbi(["config", "show", "--json"], { cwd: folder });
  const { error } = JSON.parse(stderr) as { error: Record<string, unknown> };
  assert.equal(status, 78);
  assert.equal(error["code"], "CBI_CONFIG_INVALID");
  assert.equal(error["exit"], 78);
  assert.equal((error["problems"] as unknown[]).length, 1);
});

void test("every help can be had where there is no home", () => {
  const empty = path.join(folder, "empty");
  mkdirSync(empty);
  const { status, stdout } = cbi(["--help"], { cwd: empty });
  assert.equal(status, 0);
  assert.match(stdout, /config check/);
});
