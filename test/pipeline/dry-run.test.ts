import assert from "node:assert/strict";
import { test } from "node:test";
import { Rig } from "../rig/rig.ts";
import { treeOf } from "../rig/tree.ts";

const STAGES = ["export", "audit", "train", "predict", "upload", "evaluate"];

void test("a dry run says what would be done, before, after and with a change, and changes no byte", async (t) => {
  await using rig = await Rig.make(t);
  const plan = async (...words: string[]) => {
    const before = treeOf(rig.paths.root);
    const end = await rig.cbi(["run", "nightly", "--dry-run", "--json", ...words]);
    assert.equal(end.exitCode, 0);
    assert.deepEqual(treeOf(rig.paths.root), before, "nothing is changed");
    const said = JSON.parse(end.stdout) as {
      as_of: string;
      stages: { name: string; action: string; reason: string }[];
    };
    assert.deepEqual(
      said.stages.map(({ name }) => name),
      STAGES,
    );
    return said;
  };
  const actions = async (...words: string[]) =>
    (await plan(...words)).stages.map(({ action }) => action).join(" ");

  assert.equal(await actions(), "run run run run run run");
  const end = await rig.night();
  assert.equal(end.exitCode, 0);
  const done = await plan();
  assert.equal(done.as_of, "2025-12-31");
  assert.deepEqual(
    new Set(done.stages.map(({ action, reason }) => `${action}: ${reason}`)),
    new Set([`reuse: done by run ${end.events.at(-1)?.run}`]),
  );
  assert.equal(await actions("--from", "predict"), "reuse reuse reuse run run run");
  assert.equal(await actions("--only", "train"), "reuse reuse run skip skip skip");
  assert.equal(await actions("--force"), "run run run run run run");
  assert.equal(await actions("--only", "audit", "--force"), "run run skip skip skip skip");
  const refused = ["run", "nightly", "--dry-run", "--only", "audit", "--as-of", "2025-12-30"];
  const said = await rig.cbi(refused);
  assert.equal(said.exitCode, 64);
  assert.match(said.stderr, /cbi run nightly --as-of 2025-12-30 --only audit --force/);
  assert.equal(await actions("--as-of", "2025-12-30"), "run run run run run run");

  const text = await rig.cbi(["run", "nightly", "--dry-run"]);
  assert.match(text.stdout, /^nightly as of 2025-12-31, nothing is changed:\n {2}export +reuse /);

  await rig.write("TrainingData/prepare/90_more.sql", "SELECT 1;");
  const changed = await plan();
  assert.equal(changed.stages[0]?.reason, "inputs, code or settings are new");
  await rig.write("TrainingData/raw/wti.csv", "");
  assert.equal(await actions(), "run run run run run run");
});
