import { stat } from "node:fs/promises";
import path from "node:path";
import { loadHome, type Home, type HomeRequest } from "../config/home.ts";
import { beat } from "../guard/heartbeat.ts";
import { RunLock } from "../guard/run-lock.ts";
import { tickEachMinute } from "../host/process/ticking.ts";
import { openRoad } from "../jobs/open-road.ts";
import type { JobWorld } from "../jobs/ports.ts";
import { lockHeld } from "../pipeline/run-start.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure, messageOf } from "../system/failure.ts";
import { openWatchdogWorld } from "./open-world.ts";
import { watchdogPass } from "./pass.ts";
import { Resident } from "./resident.ts";

/** How the resident mode is started. */
export interface ServeRequest {
  home: Home;
  /** How the home is read again after an edit of cbi.yaml. */
  again: HomeRequest;
  /** The world of its runs, without their signal. */
  world: Omit<JobWorld, "signal" | "emit">;
  /** Aborted when it is to end. */
  signal: AbortSignal;
  /** How long it then waits for what is under way, before that is interrupted. */
  drainMs: number;
  say: (message: string) => void;
}

/**
 * Serves a home until the signal: ticks each minute, beats, looks after itself every hour. At the end
 * it starts nothing more, waits for runs, then interrupts them; their slots stay claimed and go on
 * with the next start. Throws `CBI_LOCK_HELD` (75) when another process serves the home.
 */
export async function serve(request: ServeRequest): Promise<void> {
  const { say, signal } = request;
  const { paths } = request.home;
  const { clock } = request.world;
  // A home is served by one process, and the kernel lets go of the lock when that ends.
  using lock = RunLock.tryTake(path.join(paths.logs, "daemon.lock"));
  if (!lock) throw lockHeld("another cbi daemon serves this home");
  const stop = new AbortController();
  const world: JobWorld = { ...request.world, emit: () => undefined, signal: stop.signal };
  // A service would never end by itself: it is ended first, so that nothing waits for it in vain.
  const stopServices = new AbortController();
  const ofService = { ...world, signal: AbortSignal.any([stop.signal, stopServices.signal]) };
  const current = new CurrentHome(request);
  const resident = new Resident({
    openRoad: (job) => {
      const isService = job !== undefined && current.home.config.jobs[job]?.kind === "service";
      return openRoad(current.home, isService ? ofService : world);
    },
    watch: async () => {
      const watched = openWatchdogWorld(current.home, world, ({ edge, message }) =>
        say(`alert ${edge}: ${message}`),
      );
      await watchdogPass(watched, { isDryRun: false });
    },
    beat: () => beat(paths, "daemon", clock.now()),
    say,
  });
  const tick = async (): Promise<void> => {
    await current.refresh();
    await resident.tick();
  };
  await tick();
  const ticking = tickEachMinute(() => void tick());
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  ticking[Symbol.dispose]();
  stopServices.abort(endingFailure());
  await endResident(resident, request, stop);
  await beat(paths, "daemon", clock.now(), "ended");
}

async function endResident(
  resident: Resident,
  { world, drainMs, say }: ServeRequest,
  stop: AbortController,
): Promise<void> {
  const waiting = resident.atWork;
  if (waiting.length > 0) say(`ending; waiting for ${waiting.join(", ")}`);
  const isDrained = new AbortController();
  const limit = world.clock.sleep(drainMs, isDrained.signal).then(
    () => stop.abort(endingFailure()),
    () => undefined,
  );
  await resident.drain();
  isDrained.abort();
  await limit;
}

function endingFailure(): Failure {
  return new Failure({
    code: "CBI_INTERRUPTED",
    message: "stopped with cbi daemon",
    exit: ExitCode.interrupted,
  });
}

/** The home as cbi.yaml has it; after an edit that cannot be read, as it was. */
class CurrentHome {
  home: Home;
  readonly #request: ServeRequest;
  #stamp: string | undefined;

  constructor(request: ServeRequest) {
    this.home = request.home;
    this.#request = request;
  }

  async refresh(): Promise<void> {
    const { paths } = this.home;
    const stamp = await stat(paths.config).then(
      ({ mtimeMs, size }) => `${mtimeMs} ${size}`,
      () => "gone",
    );
    const isFirst = this.#stamp === undefined;
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    if (isFirst) return;
    try {
      this.home = await loadHome(this.#request.again);
      this.#request.say("cbi.yaml was edited and read again");
    } catch (error) {
      const message = `cbi.yaml was edited and cannot be used; the jobs go on as before: ${messageOf(error)}`;
      this.#request.say(message);
    }
  }
}
