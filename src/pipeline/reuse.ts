import { STAGE_NAMES, type StageName } from "../config/stage-names.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";

/** Which stages a person wants done again. */
export interface ReuseWish {
  from?: StageName;
  only?: StageName;
  force?: boolean;
}

/** What becomes of a stage; `require` is reuse, or the end of the run. */
export type StageWish = "reuse" | "require" | "run" | "skip";

/**
 * Whether a stage may be reused, must be reusable, must be run, or is left out: `from` and all after
 * it run, those before it are reused or done; `only` runs alone on what is there; `force` reuses
 * nothing, with `only` up to it.
 */
export function mayReuse(wish: ReuseWish, stage: StageName): StageWish {
  const { from, only, force } = wish;
  if (only !== undefined && position(stage) > position(only)) return "skip";
  if (force === true || stage === only) return "run";
  if (only !== undefined) return "require";
  return from !== undefined && position(stage) >= position(from) ? "run" : "reuse";
}

const NOT_REUSABLE = "CBI_STAGE_NOT_REUSABLE";

/** The refusal of `--only` where a stage before it would have to be done first. */
export function notReusable(
  stage: StageName,
  request: { job: string; asOf: string; only?: StageName },
): Failure {
  const { job, asOf, only } = request;
  const again = `cbi run ${job} --as-of ${asOf}`;
  return new Failure({
    code: NOT_REUSABLE,
    message:
      `--only ${only} takes what the stages before it have made, and ${stage} has nothing as of ${asOf} ` +
      "that still fits its inputs, code and settings",
    remedy: `Do all that is missing: ${again}, or all up to ${only} anew: ${again} --only ${only} --force`,
    exit: ExitCode.usage,
  });
}

/** Whether a run ended because what was asked of it cannot be done, which says nothing of the home. */
export function isRefusal(failure: Failure): boolean {
  return failure.code === NOT_REUSABLE;
}

function position(stage: StageName): number {
  return STAGE_NAMES.indexOf(stage);
}
