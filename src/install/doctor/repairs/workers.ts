import { Failure } from "../../../system/failure.ts";
import { resolvePythonEnvironment } from "../../../workers/environment.ts";
import { prove } from "../../../workers/setup/prove.ts";
import { setUpWorkers, workersMissing } from "../../set-up-workers.ts";
import type { Repair } from "./repair.ts";

/** The workers' environment, where it is missing or does not train; a missing OpenMP is no fault of it. */
export const workers: Repair = async ({ home, installed: _installed, ...world }) => {
  if (world.isOffline) return [];
  const missing = workersMissing(home, world.environment);
  if (missing !== undefined) {
    return [
      {
        what: `make the workers' environment: ${missing}`,
        mend: async () => void (await setUpWorkers({ isForced: false }, world)),
      },
    ];
  }
  const broken = await unproven(world);
  if (broken === undefined) return [];
  return [
    {
      what: `make the workers' environment anew: ${broken}`,
      mend: async () => void (await setUpWorkers({ isForced: true }, world)),
    },
  ];
};

async function unproven(world: Parameters<typeof prove>[1]): Promise<string | undefined> {
  try {
    await prove(resolvePythonEnvironment(world.environment).python, world);
    return undefined;
  } catch (error) {
    if (world.signal.aborted) throw error;
    if (error instanceof Failure && error.code === "CBI_SETUP_UNPROVEN") return error.message;
    return undefined;
  }
}
