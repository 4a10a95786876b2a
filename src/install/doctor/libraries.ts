import { resolvePythonEnvironment } from "../../workers/environment.ts";
import { prove } from "../../workers/setup/prove.ts";
import { pass, type Check } from "./check.ts";

/** Whether LightGBM and XGBoost really train, in one process, as the workers do. */
export const librariesCheck: Check = {
  name: "libraries",
  run: async ({ environment, clock, signal }) => {
    const { python } = resolvePythonEnvironment(environment);
    const world = { environment, clock, signal, platform: process.platform };
    const startedAt = clock.monotonic();
    const { versions } = await prove(python, { ...world, remark: () => undefined });
    const seconds = ((clock.monotonic() - startedAt) / 1000).toFixed(1);
    const { lightgbm, xgboost } = versions;
    return pass(`LightGBM ${lightgbm} and XGBoost ${xgboost} trained in ${seconds} s`);
  },
};
