import type { Clock } from "../system/clock.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import type { HomePaths } from "../system/home.ts";
import { isKilled, type Killed, type KillTarget } from "./kill-switch.ts";
import { readKillState } from "./kill-switch-file.ts";

/** How often a run looks whether it is to stop. */
const LOOK_MS = 2_000;

/** The kill switch of a home, as starts and runs ask it. */
export function openKillSwitch(paths: HomePaths) {
  return {
    async verdict(
      target: KillTarget,
      nowMs: number,
    ): Promise<{ blocked: false } | { blocked: true; reason: string }> {
      const killed = isKilled(await readKillState(paths), target, nowMs);
      return killed ? { blocked: true, reason: killed.reason } : { blocked: false };
    },
    /**
     * A signal that follows `world.signal` and is aborted with `CBI_PAUSED` (77) when an order to stop
     * comes while the run goes on. Dispose of it at the run's end.
     */
    watch(
      target: KillTarget,
      world: { clock: Clock; signal: AbortSignal },
    ): { signal: AbortSignal } & Disposable {
      // No AbortSignal.any: that holds its sources weakly, and forgets an abort when they are collected
      // before somebody looks.
      const stop = new AbortController();
      const ended = new AbortController();
      const follow = (): void => stop.abort(world.signal.reason);
      if (world.signal.aborted) follow();
      world.signal.addEventListener("abort", follow, { once: true, signal: ended.signal });
      void watch(paths, target, world.clock, { killed: stop, ended: ended.signal });
      return { signal: stop.signal, [Symbol.dispose]: () => ended.abort() };
    },
  };
}

/** Throws `CBI_PAUSED` (77) where a run must not go on, as between two stages. */
export async function assertNotKilled(
  paths: HomePaths,
  target: KillTarget,
  nowMs: number,
): Promise<void> {
  const killed = isKilled(await readKillState(paths), target, nowMs);
  if (killed) throw pausedFailure(killed);
}

async function watch(
  paths: HomePaths,
  target: KillTarget,
  clock: Clock,
  { killed, ended }: { killed: AbortController; ended: AbortSignal },
): Promise<void> {
  while (!ended.aborted) {
    await clock.sleep(LOOK_MS, ended).catch(() => undefined);
    if (ended.aborted) return;
    const verdict = isKilled(await readKillState(paths), target, clock.now());
    if (verdict?.mode !== "stop") continue;
    killed.abort(pausedFailure(verdict));
    return;
  }
}

function pausedFailure({ reason }: Killed): Failure {
  return new Failure({
    code: "CBI_PAUSED",
    message: reason,
    remedy: "Let it run again: cbi resume",
    exit: ExitCode.held,
    class: "retryable",
  });
}
