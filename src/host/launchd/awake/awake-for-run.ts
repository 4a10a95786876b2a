import type { Clock } from "../../../system/clock.ts";
import type { AwakePolicy } from "./decide-awake.ts";

interface RunWorld {
  environment: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  say: (message: string) => void;
}

/**
 * Looks after a run being held awake, where launchd has started it on a Mac, until it is disposed of. Nothing
 * elsewhere.
 */
export function awakeForRun(
  policy: AwakePolicy,
  { environment, clock, say }: RunWorld,
): Disposable {
  const over = new AbortController();
  if (environment["CBI_HOST"] === "launchd" && process.platform === "darwin") {
    const world = { clock, say, pid: process.pid, signal: over.signal };
    void import("./keep-awake.ts").then(async ({ keepAwake }) => keepAwake(policy, world));
  }
  return { [Symbol.dispose]: () => over.abort() };
}
