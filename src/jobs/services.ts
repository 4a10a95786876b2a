import type { ServiceJob } from "../config/jobs-schema.ts";
import { openKillSwitch } from "../guard/open-kill-switch.ts";
import { ExitCode } from "../system/exit-code.ts";
import type { HomePaths } from "../system/home.ts";
import type { JobRunner, JobServices, KillSwitch, RunOutcome } from "./ports.ts";

/** What every road of this program works with: the one place where the parts are put together. */
export function jobServices(paths: HomePaths): JobServices {
  const killSwitch: KillSwitch = openKillSwitch(paths);
  return {
    killSwitch,
    // Loaded when they are needed: most starts find nothing due, or no gate.
    gates: {
      ask: async (...asked) => (await import("./gates/home-gates.ts")).realGates.ask(...asked),
    },
    command: {
      run: async (...asked) => {
        const { commandRunner } = await import("./command/command-runner.ts");
        return commandRunner(killSwitch).run(...asked);
      },
    },
    service: noServices,
  };
}

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
