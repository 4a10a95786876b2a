import { resolvePythonEnvironment } from "../../workers/environment.ts";
import { prove } from "../../workers/setup/prove.ts";
import { NO_PIPELINE, trains } from "./trains.ts";
import { pass, skip, type Check } from "./check.ts";

/** Whether LightGBM and XGBoost really train, in one process, as the workers do. */
export const librariesCheck: Check = {
  name: "libraries",
  isInside: true,
  run: async ({ home, environment, clock, signal }) => {
    if (!trains(home)) return skip(NO_PIPELINE);
    const { python } = resolvePythonEnvironment(environment);
    const world = { environment, clock, signal, platform: process.platform };
    const startedAt = clock.monotonic();
    const { versions } = await prove(python, { ...world, remark: () => undefined });
    const seconds = ((clock.monotonic() - startedAt) / 1000).toFixed(1);
    const { lightgbm, xgboost } = versions;
    return pass(`LightGBM ${lightgbm} and XGBoost ${xgboost} trained in ${seconds} s`);
  },
};
