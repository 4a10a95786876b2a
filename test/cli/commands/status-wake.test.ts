import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { makeHome } from "../../install/home-at.ts";
import { cbi } from "../support.ts";

void test("cbi status says how the machine met the night, on a screen and for programs", () => {
  const root = makeHome();
  const bad = {
    job: "nightly",
    slot: "2026-11-20T00:00",
    due: "2026-11-20T05:00:00.000Z",
    state: "lid",
    is_well: false,
    awake: null,
    evidence: "the Mac slept with its lid shut",
    remedy: "Leave it open",
  };
  const other = { ...bad, job: "scan", state: "off" };
  const book = { schema: 1, boot: "b", first_run: bad.due, judged: [bad, other] };
  mkdirSync(path.join(root, "Logs"), { recursive: true });
  writeFileSync(path.join(root, "Logs", "wakes.json"), JSON.stringify(book));
  const shown = cbi(["status", "--home", root]).stdout;
  assert.match(shown, /the Mac slept with its lid shut/);
  const { health } = JSON.parse(cbi(["status", "--json", "--home", root]).stdout) as {
    health: { wake: object };
  };
  const { job: _job, is_well: _isWell, ...rest } = bad;
  assert.deepEqual(health.wake, { ...rest, ok: false });
  writeFileSync(path.join(root, "Logs", "wakes.json"), "{");
  assert.doesNotMatch(cbi(["status", "--home", root]).stdout, /wake/);
});
