import os from "node:os";
import type { Home } from "../config/home.ts";
import { openRoad } from "../jobs/open-road.ts";
import type { Road } from "../jobs/road.ts";
import type { ScheduledJob } from "../jobs/schedules.ts";
import type { Emit } from "../pipeline/events.ts";
import { ExitCode } from "../system/exit-code.ts";
import { systemRandom } from "../system/random.ts";
import type { CommandContext } from "./command.ts";
import { unknownName } from "./options.ts";

/** The road of a home, in the world of one invocation. */
export function roadOf(context: CommandContext, home: Home, emit: Emit = () => undefined): Road {
  const { clock, environment, signal } = context;
  // Copied once: each look into the system's own costs a call, and each run copies all of it.
  const own = { ...environment };
  return openRoad(home, { clock, random: systemRandom, environment: own, emit, signal });
}

/** The job of that name, or a `Failure` of usage with the nearest name. */
export function jobOf(road: Road, name: string): ScheduledJob {
  const job = road.jobs.find(name);
  if (job) return job;
  throw unknownName("job", name, road.jobs.names, ExitCode.usage);
}

/** Who is at work here, for the record of what a person decides. */
export function whoIs(environment: CommandContext["environment"]): string {
  const named = environment["USER"] ?? environment["LOGNAME"] ?? environment["USERNAME"];
  if (named !== undefined && named !== "") return named;
  try {
    return os.userInfo().username;
  } catch {
    // A user without an entry, as in some containers.
    return "somebody";
  }
}
