import type { Home } from "../config/home.ts";
import { RunLock } from "../guard/run-lock.ts";
import { Failure } from "../system/failure.ts";
import { environmentDirectory, resolvePythonEnvironment } from "../workers/environment.ts";
import { setUpPythonEnvironment, type SetupResult } from "../workers/setup/set-up.ts";
import type { SetupWorld } from "../workers/setup/world.ts";
import { trains } from "./doctor/trains.ts";

const LOCK_POLL_MS = 500;

/** Makes or proves the workers' environment; waits for another process that is at it. */
export async function setUpWorkers(
  options: { isForced: boolean },
  world: SetupWorld,
): Promise<SetupResult> {
  const file = `${environmentDirectory(world.environment)}.lock`;
  let lock = RunLock.tryTake(file);
  if (!lock) world.remark("another cbi setup is at work; waiting for it");
  while (!lock) {
    await world.clock.sleep(LOCK_POLL_MS, world.signal).catch((error: unknown) => {
      throw world.signal.aborted ? world.signal.reason : error;
    });
    lock = RunLock.tryTake(file);
  }
  try {
    return await setUpPythonEnvironment(options, world);
  } finally {
    lock[Symbol.dispose]();
  }
}

/** Why the workers of a home that trains cannot begin yet; undefined where they can, or need not. */
export function workersMissing(
  home: Home,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (!trains(home)) return undefined;
  try {
    resolvePythonEnvironment(environment);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}
