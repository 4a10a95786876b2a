import path from "node:path";
import { newestRuns } from "../../ledger/runs.ts";
import { newestSlots } from "../../ledger/slots.ts";
import { startDetached } from "../../system/detached.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { readTextIfThere } from "../../system/files.ts";
import type { HomePaths } from "../../system/home.ts";
import { openBook } from "../check.ts";
import type { Road } from "../road.ts";
import type { ScheduledJob } from "../schedules.ts";
import { within } from "./control.ts";
import { serviceState, type ServiceState } from "./state.ts";

const TEXT_MAX = 2_000;

/** Where the errors of a keeper go that was started beside us. */
export function keeperErrorFile(paths: HomePaths, job: string): string {
  return path.join(paths.logs, job, "service-errors.log");
}

/**
 * Starts a service beside us, by the same road as any start: its slot, if one is due or goes on, else as a
 * person's run. Resolves when its process is up. Throws a `Failure` with the keeper's exit code when that
 * ended instead, and `CBI_SERVICE_NOT_UP` (1) when it is not up in time; its keeper goes on then.
 */
export async function startService(
  road: Road,
  job: ScheduledJob,
  options: { waitMs: number },
): Promise<ServiceState> {
  const { home, ledgers, world } = road;
  const { clock } = world;
  const book = openBook(road.jobs, ledgers.ledger, clock.now());
  const { step } = book.check(job.name, { hasLock: false }).next;
  const isOfSlot = step === "start" || step === "resume";
  const errorFile = keeperErrorFile(home.paths, job.name);
  const words = ["run", job.name, ...(isOfSlot ? ["--scheduled"] : []), "--home", home.paths.root];
  const keeper = startDetached(words, {
    environment: world.environment,
    workingDirectory: home.paths.root,
    errorFile,
  });
  let exitCode: number | undefined;
  void keeper.ended.then((code) => (exitCode = code));
  let state = serviceState(ledgers.ledger, job);
  await within(options.waitMs, clock, world.signal, () => {
    state = serviceState(ledgers.ledger, job);
    return state.state === "running" || exitCode !== undefined;
  });
  if (state.state === "running") return state;
  if (exitCode === undefined) throw notUp(job.name, state, options.waitMs);
  throw await endedInstead(road, job, exitCode, errorFile);
}

async function endedInstead(
  { ledgers }: Road,
  { name }: ScheduledJob,
  exitCode: number,
  errorFile: string,
): Promise<Failure> {
  const said = ((await readTextIfThere(errorFile)) ?? "").slice(-TEXT_MAX).trim();
  const [message, ...rest] = said.split("\n").map((line) => line.replace(/^cbi: /, "").trim());
  const [slot] = newestSlots(ledgers.ledger, { job: name, limit: 1 });
  const [run] = newestRuns(ledgers.ledger, { job: name, limit: 1 });
  const reason = message === "" ? (run?.error?.message ?? slot?.reason) : message;
  const exits = Object.values(ExitCode);
  return new Failure({
    code: "CBI_SERVICE_NOT_STARTED",
    message: `${name} is not running: ${reason ?? `its keeper ended with exit code ${exitCode}`}`,
    remedy: rest.length > 0 ? rest.join(" ") : `See: cbi service logs ${name}`,
    exit:
      exitCode === 0 ? ExitCode.failed : (exits.find((one) => one === exitCode) ?? ExitCode.failed),
  });
}

function notUp(job: string, { state, reason }: ServiceState, waitMs: number): Failure {
  const why = reason === undefined ? "" : ` (${reason})`;
  return new Failure({
    code: "CBI_SERVICE_NOT_UP",
    message: `${job} is ${state}${why}, and not up after ${Math.round(waitMs / 1000)} s`,
    remedy: `It may wait for a gate; see: cbi service list`,
    exit: ExitCode.failed,
  });
}
