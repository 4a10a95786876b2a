/**
 * The parameters of each library that a person may choose, by the one name that we write them under. A
 * synonym beside our own value would be dropped by the library without a word. What reads or writes
 * files, speaks to other machines or belongs to another objective is not among them.
 */
const LIGHTGBM = words(`
  learning_rate num_leaves max_depth min_data_in_leaf min_sum_hessian_in_leaf min_gain_to_split
  bagging_fraction bagging_freq data_sample_strategy top_rate other_rate
  feature_fraction feature_fraction_bynode extra_trees lambda_l1 lambda_l2 linear_tree linear_lambda
  path_smooth max_delta_step boost_from_average drop_rate max_drop skip_drop uniform_drop
  xgboost_dart_mode max_bin min_data_in_bin bin_construct_sample_cnt enable_bundle feature_pre_filter
  use_missing zero_as_missing use_quantized_grad num_grad_quant_bins quant_train_renew_leaf
  stochastic_rounding cegb_tradeoff cegb_penalty_split histogram_pool_size`);

const XGBOOST = words(`
  eta gamma max_depth min_child_weight max_delta_step subsample sampling_method colsample_bytree
  colsample_bylevel colsample_bynode lambda alpha tree_method grow_policy max_leaves max_bin
  num_parallel_tree base_score refresh_leaf sample_type normalize_type rate_drop one_drop skip_drop`);

const LIGHTGBM_SYNONYMS = synonyms(`
  eta=learning_rate shrinkage_rate=learning_rate max_leaves=num_leaves max_leaf_nodes=num_leaves
  min_child_samples=min_data_in_leaf min_data=min_data_in_leaf min_samples_leaf=min_data_in_leaf
  min_child_weight=min_sum_hessian_in_leaf min_split_gain=min_gain_to_split
  subsample=bagging_fraction bagging=bagging_fraction subsample_freq=bagging_freq
  colsample_bytree=feature_fraction sub_feature=feature_fraction
  colsample_bynode=feature_fraction_bynode reg_alpha=lambda_l1 reg_lambda=lambda_l2 lambda=lambda_l2
  rate_drop=drop_rate`);

const XGBOOST_SYNONYMS = synonyms(`
  learning_rate=eta min_split_loss=gamma reg_lambda=lambda reg_alpha=alpha lambda_l2=lambda
  lambda_l1=alpha bagging_fraction=subsample feature_fraction=colsample_bytree num_leaves=max_leaves
  drop_rate=rate_drop`);

/** A library's parameters, and the names that people know some of them by. */
export interface LibraryParameters {
  library: "LightGBM" | "XGBoost";
  names: ReadonlySet<string>;
  synonyms: ReadonlyMap<string, string>;
}

/** What may be chosen for an algorithm. Source: LightGBM 4.7 and XGBoost 3.2, Parameters. */
export function parametersOf(algorithm: string): LibraryParameters {
  return algorithm.startsWith("lightgbm")
    ? { library: "LightGBM", names: LIGHTGBM, synonyms: LIGHTGBM_SYNONYMS }
    : { library: "XGBoost", names: XGBOOST, synonyms: XGBOOST_SYNONYMS };
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

function synonyms(text: string): ReadonlyMap<string, string> {
  const pairs = text.trim().split(/\s+/);
  return new Map(
    pairs.map((pair) => {
      const [synonym = "", name = ""] = pair.split("=");
      return [synonym, name];
    }),
  );
}
