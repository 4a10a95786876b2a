import { choiceOf, type ReplayNight } from "../../evaluation/replay-night.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { stagesOf } from "../../ledger/runs.ts";
import { codeHash } from "../../system/code-identity.ts";
import { ExitCode } from "../../system/exit-code.ts";
import type { HomePaths } from "../../system/home.ts";
import { version } from "../../system/version.ts";
import type { RunVerdict } from "../run-request.ts";
import { predictOutputSchema } from "../stages/predict.ts";
import { nightResult } from "../summary.ts";

/** What follows a night: it counts, it counts as one that published nothing, or the replay stops. */
export function judgeNight(exitCode: ExitCode): ReplayNight["outcome"] | "stop" {
  if (exitCode === ExitCode.done) return "done";
  // That day's data were not good enough, and will be no better tomorrow; the next day's may be.
  if (exitCode === ExitCode.dataRefused) return "refused";
  return "stop";
}

/** What is kept of a night that ended, read from the ledger and the reports of its run. */
export async function nightOfRun(
  paths: HomePaths,
  asOf: string,
  verdict: RunVerdict,
  outcome: ReplayNight["outcome"],
  seconds: number,
): Promise<ReplayNight> {
  const run = verdict.status.run ?? "";
  const { error } = verdict.status;
  return {
    as_of: asOf,
    run,
    outcome,
    error: error && { code: error.code, message: error.message },
    seconds,
    version: version(),
    code: codeHash(),
    ...(outcome === "done" ? await published(paths, run) : { forecasts: [], horizons: [] }),
  };
}

async function published(
  paths: HomePaths,
  run: string,
): Promise<Pick<ReplayNight, "forecasts" | "horizons">> {
  using ledger = Ledger.open(paths.ledger);
  const stage = stagesOf(ledger, run).find(({ name }) => name === "predict");
  const predicted = predictOutputSchema.parse(JSON.parse(stage?.output ?? "null"));
  const result = await nightResult(paths, ledger, run);
  if (!result) throw new Error(`run ${run} is done and has no evaluation`);
  return {
    forecasts: predicted.forecasts,
    horizons: result.evaluation.horizons.map(({ horizon, decision }) => {
      const champion = predicted.champions.find((one) => one.horizon === horizon);
      if (!champion) throw new Error(`run ${run} evaluated ${horizon} and did not predict it`);
      const { spec, algorithm, version: fit, named } = champion;
      return {
        horizon,
        champion: { spec, algorithm, version: fit },
        named: named && choiceOf(named),
        decision: choiceOf(decision),
      };
    }),
  };
}
