import assert from "node:assert/strict";
import { test } from "node:test";
import { ALGORITHMS } from "../../src/config/schema.ts";
import { estimate } from "../../src/training/estimate.ts";
import { specFor, specId } from "../../src/training/specs.ts";
import type { FinalTask } from "../../src/training/training.ts";

void test("every algorithm has a spec; the user's parameters lie over ours", () => {
  for (const algorithm of ALGORITHMS) {
    const plain = specFor(algorithm, { parameters: {} }, ["a", "b"]);
    assert.deepEqual(plain.features, ["a", "b"]);
    const max = algorithm.startsWith("lightgbm") ? "num_leaves" : "max_depth";
    const own = specFor(algorithm, { parameters: { [algorithm]: { [max]: 3 } } }, ["a", "b"]);
    assert.deepEqual(own.parameters, { ...plain.parameters, [max]: 3 });
    assert.notEqual(specId(own), specId(plain));
  }
});

void test("the id of a spec follows its content, not the order of its keys", () => {
  const spec = specFor("lightgbm_dart", { parameters: {} }, ["a", "b"]);
  const turned = Object.fromEntries(Object.entries(spec.parameters).toReversed());
  assert.equal(specId({ ...spec, parameters: turned }), specId(spec));
  assert.notEqual(specId({ ...spec, features: ["b", "a"] }), specId(spec));
  assert.match(specId(spec), /^[0-9a-f]{10}$/);
});

void test("what is ours to set, and dropout that drops nothing, are faults of the configuration", () => {
  const refusals = [
    ["lightgbm_dart", { n_jobs: 4 }, /train\.parameters\.lightgbm_dart\.n_jobs is set by cbi/],
    ["xgboost_dart", { eval_metric: "rmse" }, /eval_metric is set by cbi/],
    ["xgboost_dart", { rate_drop: 0 }, /rate_drop must be above 0/],
    ["lightgbm_dart", { drop_rate: 0 }, /drop_rate must be above 0/],
    ["lightgbm_dart", { num_leafs: 9 }, /is no parameter of LightGBM .*mean num_leaves\?/],
    ["lightgbm_dart", { max_leaves: 9 }, /did you mean num_leaves\?/],
    ["xgboost_dart", { learning_rate: 1 }, /is no parameter of XGBoost .*mean eta\?/],
    ["lightgbm_dart", { output_model: "/etc/x" }, /output_model is no parameter .*chosen$/],
  ] as const;
  for (const [algorithm, parameters, message] of refusals) {
    assert.throws(() => specFor(algorithm, { parameters: { [algorithm]: parameters } }, ["a"]), {
      message,
      exit: 78,
    });
  }
});

void test("long trainings are guessed to be longer than short ones", () => {
  const task = (
    algorithm: (typeof ALGORITHMS)[number],
    rows: number,
    rounds: number,
  ): FinalTask => ({
    kind: "final",
    id: "x",
    dataset: { horizon: "1w", horizonRows: 5, file: "", sha256: "", target: "" },
    spec: { algorithm, parameters: {}, features: ["a"] },
    seed: 1,
    threads: 1,
    train: { from: 0, to: rows },
    rounds,
    modelFile: "",
  });
  assert.ok(estimate(task("xgboost_dart", 1000, 200)) > estimate(task("lightgbm_dart", 1000, 200)));
  assert.ok(
    estimate(task("lightgbm_gbdt", 2000, 200)) > estimate(task("lightgbm_gbdt", 1000, 200)),
  );
  assert.ok(
    estimate(task("xgboost_dart", 100, 400)) > 2 * estimate(task("xgboost_dart", 100, 200)),
  );
});
