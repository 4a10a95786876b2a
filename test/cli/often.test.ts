import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

const dist = path.resolve(import.meta.dirname, "..", "..", "dist", "cli");

void test("the commands that are asked often load no package before they need one", () => {
  const files = readdirSync(dist).filter((name) => /^often-.*\.js$/.test(name));
  assert.equal(files.length, 1);
  const [packages, seen] = [new Set<string>(), new Set<string>()];
  const look = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, "utf8");
    for (const [, named] of text.matchAll(/^(?:import|export)\b[^;]*?"([^"\n]+)";$/gm)) {
      if (named === undefined || named.startsWith("node:")) continue;
      if (named.startsWith(".")) look(path.resolve(path.dirname(file), named));
      else packages.add(named);
    }
  };
  for (const file of files) look(path.join(dist, file));
  assert.ok(seen.size > 1, "the file imports the bundler's own");
  assert.deepEqual([...packages], []);
});

void test("every file of the build is ASCII, which V8 keeps and reads at a byte a character", () => {
  for (const name of readdirSync(dist).filter((one) => one.endsWith(".js"))) {
    assert.doesNotMatch(readFileSync(path.join(dist, name), "utf8"), /\P{ASCII}/u, name);
  }
});
