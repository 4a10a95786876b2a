import type { Algorithm, Config } from "../config/schema.ts";
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
  for (const name of Object.keys(chosen)) {
    if (OURS.has(name)) throw refused(algorithm, name, `is set by cbi and cannot be changed`);
  }
  const parameters = { ...DEFAULTS[algorithm], ...chosen };
  const drop = DROP_RATE[algorithm];
  if (drop !== undefined && !(Number(parameters[drop]) > 0)) {
    throw refused(algorithm, drop, "must be above 0: without it nothing drops");
  }
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

const DROP_RATE: Partial<Record<Algorithm, string>> = {
  lightgbm_dart: "drop_rate",
  xgboost_dart: "rate_drop",
};

/** With the synonyms under which the libraries would take them. */
const OURS = new Set(
  `boosting boosting_type boost booster objective objective_type app application loss metric
    metrics metric_types eval_metric seed random_seed random_state num_threads num_thread
    nthread nthreads n_jobs num_iterations num_iteration num_boost_round num_rounds num_round
    nrounds n_iter num_tree num_trees n_estimators max_iter early_stopping_round
    early_stopping_rounds early_stopping n_iter_no_change deterministic force_row_wise
    force_col_wise device device_type verbosity verbose validate_parameters
    monotone_constraints interaction_constraints`.split(/\s+/),
);

function refused(algorithm: Algorithm, name: string, why: string): Failure {
  return new Failure({
    code: "CBI_TRAIN_PARAMETER",
    message: `train.parameters.${algorithm}.${name} ${why}`,
    remedy: "Change train.parameters in cbi.yaml, then: cbi config check",
    exit: ExitCode.configInvalid,
  });
}
