import { newestRuns } from "../../ledger/runs.ts";
import { newestSlots } from "../../ledger/slots.ts";
import type { ServiceHost } from "../../host/host.ts";
import { keeperErrorFile } from "../../host/process/process-host.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { readTextIfThere } from "../../system/files.ts";
import type { Road } from "../road.ts";
import type { ScheduledJob } from "../schedules.ts";
import { within } from "./control.ts";
import { answerTo, type ServiceAnswer } from "./request.ts";
import { serviceState, type ServiceState } from "./state.ts";
import { forgetWanted, wantService } from "./wanted.ts";

const TEXT_MAX = 2_000;

/**
 * Has the host start whoever keeps a service: its slot, if one is due or goes on, else as a person's run,
 * by the same road as any start. Resolves when its process is up. Throws a `Failure` with the keeper's
 * exit code when that came to nothing, and `CBI_SERVICE_NOT_UP` (1) when it is not up in time; its keeper
 * goes on then.
 */
export async function startService(
  road: Road,
  job: ScheduledJob,
  { host, waitMs }: { host: ServiceHost; waitMs: number },
): Promise<ServiceState> {
  const { home, ledgers, world } = road;
  const { clock, signal } = world;
  const { id } = await wantService(home.paths, job.name, clock.now());
  const { said, ended } = await startedBy(host, road, job);
  let exitCode: number | undefined;
  void ended?.then((code) => (exitCode = code));
  let state = serviceState(ledgers.ledger, job);
  let answer: ServiceAnswer | undefined;
  await within(waitMs, clock, signal, async () => {
    const hasEnded = exitCode !== undefined;
    answer = await answerTo(home.paths, job.name, id);
    state = serviceState(ledgers.ledger, job);
    return state.state === "running" || answer !== undefined || hasEnded;
  });
  if (state.state === "running") return state;
  if (answer) throw cameToNothing(job, answer);
  if (exitCode !== undefined) throw await endedInstead(road, job, exitCode);
  throw notUp(job.name, state, { said, waitMs });
}

async function startedBy(
  host: ServiceHost,
  { home }: Road,
  { name }: ScheduledJob,
): ReturnType<ServiceHost["startService"]> {
  try {
    return await host.startService(name);
  } catch (error) {
    // Nobody was told, and a later keeper is not to be surprised.
    forgetWanted(home.paths, name);
    throw error;
  }
}

function cameToNothing({ name }: ScheduledJob, answer: ServiceAnswer): Failure {
  return new Failure({
    code: "CBI_SERVICE_NOT_STARTED",
    message: `${name} is not running: ${answer.message}`,
    remedy: answer.remedy ?? `See: cbi service logs ${name}`,
    exit: exitOf(answer.exit ?? ExitCode.failed),
  });
}

/** A keeper that ended without an answer has said why on standard error, or in the ledger. */
async function endedInstead(
  { home, ledgers }: Road,
  { name }: ScheduledJob,
  exitCode: number,
): Promise<Failure> {
  const errorFile = keeperErrorFile(home.paths, name);
  const text = ((await readTextIfThere(errorFile)) ?? "").slice(-TEXT_MAX).trim();
  const [message, ...rest] = text.split("\n").map((line) => line.replace(/^cbi: /, "").trim());
  const [slot] = newestSlots(ledgers.ledger, { job: name, limit: 1 });
  const [run] = newestRuns(ledgers.ledger, { job: name, limit: 1 });
  const reason = message === "" ? (run?.error?.message ?? slot?.reason) : message;
  return new Failure({
    code: "CBI_SERVICE_NOT_STARTED",
    message: `${name} is not running: ${reason ?? `its keeper ended with exit code ${exitCode}`}`,
    remedy: rest.length > 0 ? rest.join(" ") : `See: cbi service logs ${name}`,
    exit: exitOf(exitCode),
  });
}

/** What was to be started and is not there has failed, however its keeper ended. */
function exitOf(exitCode: number): ExitCode {
  const known = Object.values(ExitCode).find((one) => one === exitCode);
  return known === undefined || known === ExitCode.done ? ExitCode.failed : known;
}

function notUp(
  job: string,
  { state, reason }: ServiceState,
  { said, waitMs }: { said: string; waitMs: number },
): Failure {
  const why = reason === undefined ? "" : ` (${reason})`;
  return new Failure({
    code: "CBI_SERVICE_NOT_UP",
    message: `${said}; ${job} is ${state}${why}, and not up after ${Math.round(waitMs / 1000)} s`,
    remedy: `It may wait for a gate; see: cbi service list`,
    exit: ExitCode.failed,
  });
}
