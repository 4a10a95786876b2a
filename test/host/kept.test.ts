import assert from "node:assert/strict";
import { test } from "node:test";
import { exitForHost } from "../../src/host/kept.ts";
import { ExitCode } from "../../src/system/exit-code.ts";

const KEEPER = ["run", "loop", "--scheduled", "--home", "/home/you/oil"];

void test("a keeper's ends are all 0 for a host that starts again what ends otherwise", () => {
  for (const exitCode of Object.values(ExitCode)) {
    assert.equal(exitForHost(exitCode, KEEPER, { CBI_KEPT: "loop" }), 0);
    assert.equal(exitForHost(exitCode, KEEPER, {}), exitCode);
  }
});

void test("what a kept service starts in its turn ends as it is", () => {
  const environment = { CBI_KEPT: "loop" };
  for (const words of [["run", "scan", "--scheduled"], ["run", "loop"], ["status"], []]) {
    assert.equal(exitForHost(ExitCode.failed, words, environment), 1, words.join(" "));
  }
});
