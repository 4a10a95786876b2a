import type { CommandJob, ServiceJob } from "../config/jobs-schema.ts";
import { ExitCode } from "../system/exit-code.ts";
import type { Gates, JobRunner, JobServices, KillSwitch, RunOutcome } from "./ports.ts";

/** What every road of this program works with: the one place where the parts are put together. */
export function jobServices(): JobServices {
  return {
    killSwitch: openKillSwitch,
    gates: openGates,
    command: noCommands,
    service: noServices,
  };
}

/** Blocks nothing. */
export const openKillSwitch: KillSwitch = {
  verdict: () => Promise.resolve({ blocked: false }),
  watch: (_target, { signal }) => ({ signal, [Symbol.dispose]: () => undefined }),
};

/** Passes everything. */
export const openGates: Gates = {
  ask: () => Promise.resolve({ outcome: "pass", evidence: "no gate was asked" }),
};

const noCommands: JobRunner<CommandJob> = { run: () => Promise.resolve(notYet("command")) };
const noServices: JobRunner<ServiceJob> = { run: () => Promise.resolve(notYet("service")) };

function notYet(kind: string): RunOutcome {
  const message = `this cbi cannot run jobs of the kind ${kind} yet`;
  return {
    end: "failed",
    exitCode: ExitCode.failed,
    reason: message,
    error: { code: "CBI_KIND_UNKNOWN", message, class: "fatal" },
    warnings: [],
  };
}
