import { parametersOf } from "./library-parameters.ts";
import { nearest } from "./nearest.ts";
import type { Algorithm } from "./schema.ts";

/** A parameter of `train.parameters` that cannot be what it is, and why. */
export interface ParameterProblem {
  name: string;
  /** Which of the two is at fault. */
  at: "key" | "value";
  /** Goes on after the parameter's name: "is set by cbi and cannot be changed". */
  why: string;
}

/**
 * What is wrong with a person's parameters of one algorithm: names that are ours to set or that the
 * library does not know, and a dropout algorithm that would drop nothing.
 */
export function parameterProblems(
  algorithm: Algorithm,
  chosen: Readonly<Record<string, number | string | boolean>>,
): ParameterProblem[] {
  const names = Object.keys(chosen).flatMap((name): ParameterProblem[] => {
    const why = whyNot(algorithm, name);
    return why === undefined ? [] : [{ name, at: "key", why }];
  });
  const drop = DROP_RATE[algorithm];
  if (drop === undefined || !(drop in chosen) || Number(chosen[drop]) > 0) return names;
  return [...names, { name: drop, at: "value", why: "must be above 0: without it nothing drops" }];
}

function whyNot(algorithm: Algorithm, name: string): string | undefined {
  if (OURS.has(name)) return "is set by cbi and cannot be changed";
  const { library, names, synonyms } = parametersOf(algorithm);
  if (names.has(name)) return undefined;
  const meant = synonyms.get(name) ?? nearest(name, [...names]);
  const guess = meant === undefined ? "" : `; did you mean ${meant}?`;
  return `is no parameter of ${library} that can be chosen${guess}`;
}

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
