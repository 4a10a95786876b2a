import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { shellWord } from "../../src/system/shell-word.ts";

void test("what is typed as it is shown is the word that was meant", () => {
  const words = [
    "/srv/oil",
    "/Users/you/oil & gas/Öl's",
    "a b",
    "$HOME",
    "",
    "-n",
    "`id`",
    "x*",
    "100%",
  ];
  for (const word of words) {
    const typed = `printf '%s' ${shellWord(word)}`;
    assert.equal(execFileSync("/bin/sh", ["-c", typed], { encoding: "utf8" }), word);
  }
  assert.equal(shellWord("/srv/oil-1/cbi.yaml"), "/srv/oil-1/cbi.yaml");
});
