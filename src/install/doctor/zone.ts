import { localText } from "../../schedule/wall.ts";
import { runCommand } from "../../system/run-command.ts";
import { machineFor, ownHost } from "../machine.ts";
import { pass, skip, warn, type Check } from "./check.ts";

const CALL_MS = 10_000;

/**
 * Whether Node and the system tell the same time: both carry zone data of their own, and times are
 * compiled by Node's and kept by the system's.
 */
export const zoneCheck: Check = {
  name: "zone",
  run: async ({ clock, environment, signal }) => {
    const { zone, zoneData } = machineFor(ownHost(), environment);
    if (process.platform === "win32") return skip("Windows does not say its offset to a program");
    const own = localText(clock.now(), zone.offsetMsAt(clock.now())).slice(-6).replace(":", "");
    const said = await runCommand("date", ["+%z"], {
      environment: { ...environment, LC_ALL: "C" },
      workingDirectory: "/",
      timeoutMs: CALL_MS,
      signal,
    });
    const system = said.stdout.trim();
    if (!/^[+-]\d{4}$/.test(system)) return skip("date does not say the system's offset");
    if (system === own)
      return pass(`${zone.name}, ${own}, by Node (data ${zoneData}) and the system`);
    return warn(
      `Node has ${zone.name} at ${own}, and the system is at ${system}`,
      "Update the older one: the system's zone data, or cbi; until then the watchdog bounds lateness",
    );
  },
};
