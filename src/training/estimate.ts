import type { Algorithm } from "../config/schema.ts";
import type { TrainingTask } from "./training.ts";

/**
 * A guess of a training's length, in no unit, for putting the longest first: with the short ones at
 * the end no processor waits long for the last. XGBoost predicts with all trees anew after each round
 * under dropout, so its work grows with the square of the rounds.
 */
export function estimate(task: TrainingTask): number {
  // Next to nothing; as equals they keep their order, in which those of one table stand together.
  if (task.kind === "ridge") return 0;
  const features = task.spec.features.length;
  const cost = (rows: number, rounds: number) =>
    rows * features * rounds * COST[task.spec.algorithm](rounds);
  if (task.kind === "final") return cost(task.train.to - task.train.from, task.rounds);
  // The search may stop early and the refit be short; both were seen to vary alike.
  return cost(task.inner.to - task.inner.from, task.roundsMax);
}

const COST: Record<Algorithm, (rounds: number) => number> = {
  lightgbm_gbdt: () => 1,
  lightgbm_dart: () => 1.3,
  xgboost_gbtree: () => 2,
  xgboost_dart: (rounds) => 2 + rounds / 50,
};
