import assert from "node:assert/strict";
import { test } from "node:test";
import { unknownName } from "../../src/cli/options.ts";
import { ExitCode } from "../../src/system/exit-code.ts";

void test("an unknown name is answered by the nearest, by all there are, or by there being none", () => {
  const remedy = (names: string[]) => unknownName("service", "exec", names, ExitCode.usage).remedy;
  assert.equal(remedy(["execs", "scan"]), "Did you mean 'execs'?");
  assert.equal(remedy(["recorder", "loop"]), "There are: recorder, loop");
  assert.equal(remedy([]), "There is no service at all yet.");
});
