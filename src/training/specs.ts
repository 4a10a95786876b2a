import type { Algorithm, Config } from "../config/schema.ts";
import { parameterProblems } from "../config/train-parameters.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { canonicalJson, hashText } from "../system/files.ts";
import type { Spec } from "./training.ts";

/**
 * The spec of an algorithm: our parameters, the user's over them, on `features` in their order. A
 * parameter that is ours to set (objective, seed, threads, …) or a dropout algorithm that would drop
 * nothing is refused as a fault of the configuration.
 */
export function specFor(
  algorithm: Algorithm,
  train: Pick<Config["train"], "parameters">,
  features: readonly string[],
): Spec {
  const chosen = train.parameters[algorithm] ?? {};
  const [problem] = parameterProblems(algorithm, chosen);
  if (problem) throw refused(algorithm, problem.name, problem.why);
  const parameters = { ...DEFAULTS[algorithm], ...chosen };
  return { algorithm, parameters, features: [...features] };
}

/** A short name of a spec: equal for equal content, in whatever order its keys were written. */
export function specId(spec: Spec): string {
  return hashText(canonicalJson(spec)).slice(0, 10);
}

/**
 * Small trees, coarse bins and strong shrinkage, because a daily series has some thousand rows and
 * next to no signal. Names and meanings: LightGBM docs, Parameters; XGBoost docs, Parameters.
 * `max_drop` is LightGBM's own default, written down because 0 would mean one drop, not none.
 */
const LIGHTGBM = {
  objective: "regression",
  learning_rate: 0.05,
  num_leaves: 15,
  max_bin: 63,
  min_data_in_leaf: 100,
  feature_fraction: 0.6,
  bagging_fraction: 0.8,
  bagging_freq: 1,
  lambda_l2: 5,
};

const XGBOOST = {
  objective: "reg:squarederror",
  tree_method: "hist",
  eta: 0.05,
  max_depth: 4,
  max_bin: 64,
  min_child_weight: 50,
  colsample_bytree: 0.6,
  subsample: 0.8,
  lambda: 5,
};

const DEFAULTS: Record<Algorithm, Spec["parameters"]> = {
  lightgbm_dart: { ...LIGHTGBM, boosting: "dart", drop_rate: 0.1, skip_drop: 0.5, max_drop: 50 },
  lightgbm_gbdt: { ...LIGHTGBM, boosting: "gbdt" },
  xgboost_dart: { ...XGBOOST, booster: "dart", rate_drop: 0.1, skip_drop: 0.5 },
  xgboost_gbtree: { ...XGBOOST, booster: "gbtree" },
};

function refused(algorithm: Algorithm, name: string, why: string): Failure {
  return new Failure({
    code: "CBI_TRAIN_PARAMETER",
    message: `train.parameters.${algorithm}.${name} ${why}`,
    remedy: "Change train.parameters in cbi.yaml, then: cbi config check",
    exit: ExitCode.configInvalid,
  });
}
