import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeNight } from "../../../src/pipeline/replay/night-of-run.ts";
import { ExitCode } from "../../../src/system/exit-code.ts";

void test("only a night that is done or refuses its own data lets the next one run", () => {
  const verdicts = Object.values(ExitCode).map((code) => [code, judgeNight(code)]);
  const going = verdicts.filter(([, verdict]) => verdict !== "stop");
  assert.deepEqual(going, [
    [ExitCode.done, "done"],
    [ExitCode.dataRefused, "refused"],
  ]);
});
