import { readKillState } from "../../guard/kill-switch-file.ts";
import { standingOrders } from "../../guard/kill-switch.ts";
import { pass, warn, type Check } from "./check.ts";

/** Whether somebody holds jobs back. */
export const killSwitchCheck: Check = {
  name: "kill switch",
  run: async ({ home, clock }) => {
    const orders = standingOrders(await readKillState(home.paths), clock.now());
    const [first] = orders;
    return first === undefined ? pass("nothing is held back") : warn(first, "cbi resume");
  },
};
