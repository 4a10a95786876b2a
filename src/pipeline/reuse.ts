import { STAGE_NAMES, type StageName } from "../config/stage-names.ts";

/** Which stages a person wants done again. */
export interface ReuseWish {
  from?: StageName;
  only?: StageName;
  force?: boolean;
}

/**
 * Whether a stage may be reused, must be run, or is left out: `from` and all after it run, `only`
 * runs alone after what it needs, `force` runs what is asked for without reusing it.
 */
export function mayReuse(wish: ReuseWish, stage: StageName): "reuse" | "run" | "skip" {
  const { from, only, force } = wish;
  if (only !== undefined) {
    if (position(stage) > position(only)) return "skip";
    return stage === only ? "run" : "reuse";
  }
  if (force === true) return "run";
  if (from !== undefined && position(stage) >= position(from)) return "run";
  return "reuse";
}

function position(stage: StageName): number {
  return STAGE_NAMES.indexOf(stage);
}
