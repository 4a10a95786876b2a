import { parseDurationMs } from "../config/duration.ts";
import type { ServiceHost } from "../host/host.ts";
import { hostOf } from "../install/installed-host.ts";
import type { Road } from "../jobs/road.ts";
import type { ScheduledJob } from "../jobs/schedules.ts";
import type { ServiceState } from "../jobs/service/state.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { singleLine } from "../system/text.ts";
import type { CommandContext, CommandInput, CommandOption } from "./command.ts";
import { unknownName } from "./options.ts";

/** One element of what `cbi service list --json` prints. */
export interface ShownService {
  job: string;
  state: ServiceState["state"];
  run: string | null;
  slot: string | null;
  pid: number | null;
  keeper_pid: number | null;
  /** The scheduler that brings its keeper back; null where only a pass of the watchdog does. */
  supervisor: string | null;
  since: string | null;
  restarts: number;
  ends: string | null;
  reason: string | null;
}

/** The service of that name, or a `Failure` of usage with the nearest name. */
export function serviceNamed(road: Road, name: string): ScheduledJob {
  const job = road.jobs.find(name);
  if (job?.settings.kind === "service") return job;
  const services = road.jobs.names.filter((one) => road.home.config.jobs[one]?.kind === "service");
  if (job) {
    throw new Failure({
      code: "CBI_USAGE",
      message: `${name} is a ${job.settings.kind}, not a service`,
      remedy: `Run it with: cbi run ${name}`,
      exit: ExitCode.usage,
    });
  }
  throw unknownName("service", name, services, ExitCode.usage);
}

/** How a service is now, and who sees to it that it stays so. */
export async function shownService(
  job: string,
  state: ServiceState,
  host: ServiceHost,
): Promise<ShownService> {
  const keeper = await host.keeper(job);
  const isHosts = keeper !== undefined && (state.keeperPid ?? keeper.pid) === keeper.pid;
  return {
    job,
    state: state.state,
    run: state.run ?? null,
    slot: state.slot ?? null,
    pid: state.pid ?? null,
    keeper_pid: state.keeperPid ?? null,
    supervisor: isHosts ? host.name : null,
    since: isoOf(state.sinceMs),
    restarts: Math.max(0, (state.attempt ?? 1) - 1),
    ends: isoOf(state.endMs),
    reason: state.reason ?? null,
  };
}

/** Answers with how a service stands after what was asked of it. */
export async function tellService(
  context: CommandContext,
  input: CommandInput,
  road: Road,
  { name }: ScheduledJob,
  state: ServiceState,
): Promise<ExitCode> {
  const shown = await shownService(name, state, await hostOf(road.home, road.world));
  const isJson = input.options["json"] === true;
  context.write(`${isJson ? JSON.stringify(shown) : serviceLine(shown)}\n`);
  return ExitCode.done;
}

/** `execute  running  process 4711, since 2026-11-20T13:40:01Z, kept by systemd, 2 restarts, until …`. */
export function serviceLine(shown: ShownService): string {
  const parts = [
    shown.pid === null ? undefined : `process ${shown.pid}`,
    shown.since === null ? undefined : `since ${shown.since}`,
    shown.supervisor === null ? undefined : `kept by ${shown.supervisor}`,
    shown.restarts === 0
      ? undefined
      : `${shown.restarts} restart${shown.restarts === 1 ? "" : "s"}`,
    shown.ends === null ? undefined : `until ${shown.ends}`,
    shown.reason === null ? undefined : shown.reason,
  ].filter((part) => part !== undefined);
  return singleLine(`${shown.job.padEnd(12)} ${shown.state.padEnd(11)} ${parts.join(", ")}`, 160);
}

/** `--wait`, of commands that wait for a service. */
export const waitOption: CommandOption = {
  flags: "--wait <duration>",
  summary: "how long to wait for it (default: its grace and 20s)",
  parse(text) {
    const ms = parseDurationMs(text);
    if (ms !== undefined) return ms;
    throw new Failure({
      code: "CBI_USAGE",
      message: `--wait takes a duration such as 30s or 2m; '${text}' came`,
      exit: ExitCode.usage,
    });
  },
};

function isoOf(instantMs: number | undefined): string | null {
  if (instantMs === undefined) return null;
  return `${new Date(instantMs).toISOString().slice(0, 19)}Z`;
}
