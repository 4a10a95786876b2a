import { openKillSwitch } from "../guard/open-kill-switch.ts";
import type { HomePaths } from "../system/home.ts";
import type { Gates, JobServices, KillSwitch } from "./ports.ts";

/** What every road of this program works with: the one place where the parts are put together. */
export function jobServices(paths: HomePaths): JobServices {
  const killSwitch: KillSwitch = openKillSwitch(paths);
  // Loaded when they are needed: most starts find nothing due, or no gate.
  const gates: Gates = {
    ask: async (...asked) => (await import("./gates/home-gates.ts")).realGates.ask(...asked),
  };
  return {
    killSwitch,
    gates,
    command: {
      run: async (...asked) => {
        const { commandRunner } = await import("./command/command-runner.ts");
        return commandRunner(killSwitch).run(...asked);
      },
    },
    service: {
      run: async (...asked) => {
        const { serviceRunner } = await import("./service/service-runner.ts");
        return serviceRunner(killSwitch, gates).run(...asked);
      },
    },
  };
}
