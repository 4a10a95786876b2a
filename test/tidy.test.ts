import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { catalog } from "../src/cli/catalog.ts";
import { KNOWN_FOLDERS, offences } from "./tidy/imports.ts";

const LINES_MAX = 400;
const root = path.resolve(import.meta.dirname, "..");

void test("every import in src keeps to the table", () => {
  assert.deepEqual(offences(readAll("src/**/*.ts")), []);
});

void test("the table catches planted offences", () => {
  const planted: [string, string, RegExp][] = [
    ["src/ledger/a.ts", `import { b } from "../cli/b.ts";`, /nothing imports the command line/],
    ["src/system/a.ts", `import { b } from "../config/b.ts";`, /config stands above system/],
    ["src/workers/a.ts", `import { b } from "../ledger/b.ts";`, /ledger stands above workers/],
    [
      "src/models/a.ts",
      `import type { B } from "../pipeline/b.ts";`,
      /pipeline stands above models/,
    ],
    ["src/warehouse/a.ts", `import { b } from "../training/b.ts";`, /do not know each other/],
    ["src/training/a.ts", `await import("../warehouse/b.ts");`, /do not know each other/],
    [
      "src/host/cron/a.ts",
      `import { b } from "../launchd/b.ts";`,
      /one host does not know another/,
    ],
    ["src/audit/a.ts", `import { readFile } from "node:fs/promises";`, /imports node:fs\/promises/],
    ["src/audit/a.ts", `import { b } from "../system/b.ts";`, /audit is pure/],
    [
      "src/audit/a.ts",
      `import { b } from "../evaluation/b.ts";`,
      /effects by way of src\/evaluation\/b/,
    ],
    ["src/schedule/a.ts", `export const now = () => Date.now();`, /has effects/],
    ["src/evaluation/a.ts", `import {\n  b,\n} from "execa";`, /imports execa/],
    ["src/pipeline/a.ts", `const now = Date.now();`, /asks for time or chance itself/],
  ];
  for (const [file, text, expected] of planted) {
    const files = new Map([
      [file, text],
      ["src/evaluation/b.ts", "export const b = process.env;"],
    ]);
    const found = offences(files).filter((sentence) => sentence.startsWith(file));
    assert.match(found.join("\n"), expected, text);
  }
});

void test("the table lets through what it allows", () => {
  const allowed = new Map([
    ["src/cli/a.ts", `import { b } from "../ledger/b.ts";\nimport { c } from "../audit/c.ts";`],
    ["src/audit/c.ts", `import { z } from "zod";\nimport type { D } from "../config/d.ts";`],
    ["src/config/d.ts", `import { readFile } from "node:fs/promises"; // Date.now in a comment`],
    ["src/host/launchd/e.ts", `import { f } from "../host.ts";`],
    ["src/training/g.ts", `import { h } from "../workers/h.ts";`],
    ["src/system/clock.ts", `export const now = () => Date.now();`],
  ]);
  assert.deepEqual(offences(allowed), []);
});

void test("every folder of src is one that the design knows", () => {
  const folders = readdirSync(path.join(root, "src"), { withFileTypes: true });
  const unknown = folders.filter((entry) => !entry.isDirectory() || !KNOWN_FOLDERS.has(entry.name));
  assert.deepEqual(
    unknown.map(({ name }) => name),
    [],
  );
});

void test(`no source file is longer than ${LINES_MAX} lines`, () => {
  // A test file's lines are counted by the linter, which leaves blank ones and comments out.
  const files = [...readAll("{src,scripts}/**/*.{ts,py}")];
  const long = files.filter(([, text]) => text.split("\n").length - 1 > LINES_MAX);
  assert.deepEqual(
    long.map(([file]) => file),
    [],
  );
});

void test("the catalog says of every command what its file says", async () => {
  for (const entry of catalog) {
    const { command } = await entry.load();
    assert.deepEqual(entry.words, command.words);
    assert.equal(entry.summary, command.summary, entry.words.join(" "));
  }
});

void test("every file of commands is in the catalog", async () => {
  const loaded = await Promise.all(catalog.map((entry) => entry.load()));
  const known = new Set<unknown>(loaded.map(({ command }) => command));
  for (const file of globSync("src/cli/commands/*.ts", { cwd: root })) {
    const module = (await import(path.join(root, file))) as { command?: unknown };
    assert.ok(known.has(module.command), `${file} exports a command that the catalog lacks`);
  }
});

void test("every command shows examples of itself and the exit codes it can return", async () => {
  for (const entry of catalog) {
    const { command } = await entry.load();
    const words = `cbi ${command.words.join(" ")}`;
    assert.ok(command.examples.length > 0, `${words} has no examples`);
    for (const { line } of command.examples) assert.ok(line.includes(words), `${words}: ${line}`);
    assert.ok(command.exits.length > 0, `${words} names no exit codes`);
    assert.ok(!command.summary.endsWith("."), `${words}: the help ends the summary itself`);
  }
});

void test("every document has one title", () => {
  for (const [file, text] of readAll("{*.md,docs/**/*.md}")) {
    const prose = text.replaceAll(/^```[\s\S]*?^```/gm, "");
    assert.equal(prose.match(/^# /gm)?.length, 1, file);
  }
});

void test("no committed file names a place on somebody's machine", () => {
  const listed = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" });
  const places = [`${root}/`, `${homedir()}/`].filter((place) => place.length > 3);
  const someone = /(?<![\w.])\/(?:home|Users)\/(?!you\b|me\b|someone\b)[a-z]/;
  const guilty = listed
    .split("\0")
    .filter((file) => file !== "" && !file.startsWith("TrainingData/raw/"))
    .filter((file) => {
      const text = readIfThere(path.join(root, file));
      return places.some((place) => text.includes(place)) || someone.test(text);
    });
  assert.deepEqual(guilty, []);
});

void test("the lock file holds the native packages of every platform, and no registry", () => {
  const text = readIfThere(path.join(root, "package-lock.json"));
  const { packages } = JSON.parse(text) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const names = Object.values(packages).flatMap((one) =>
    Object.keys(one.optionalDependencies ?? {}),
  );
  const missing = names.filter((name) => packages[`node_modules/${name}`] === undefined);
  assert.deepEqual(missing, [], "run: node scripts/generate/lock-platforms.ts");
  assert.doesNotMatch(text, /"resolved"/);
});

function readAll(pattern: string): Map<string, string> {
  const files = globSync(pattern, { cwd: root, exclude: (name) => name === "node_modules" }).sort();
  return new Map(
    files.map((file) => [file.split(path.sep).join("/"), readIfThere(path.join(root, file))]),
  );
}

/** A file that is listed and deleted in the working tree has no text. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
