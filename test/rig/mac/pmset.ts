import { existsSync, readFileSync } from "node:fs";
import { heldAwake } from "./caffeinate.ts";
import { remember, stateOf, type Fake } from "./fake.ts";
import { CALM, dateOn, pmsetOn, type PowerState } from "./powerd.ts";

/** `pmset`, and its powerd in `pmset.json` of the state. */
export const pmset: Fake = {
  answer(call) {
    const state = stateOf<PowerState>("pmset", CALM);
    const { answer, next } = pmsetOn(state, call, macNowMs(), heldAwake());
    if (next) remember("pmset", next);
    return answer;
  },
};

/** `date` of macOS, on the Mac's clock. */
export const date: Fake = {
  answer({ args }) {
    const { zone } = stateOf<PowerState>("pmset", CALM);
    return { code: 0, stdout: `${dateOn(zone, args, macNowMs())}\n` };
  },
};

/** The Mac's wall clock, which its own processes have too (`preload.ts`). */
function macNowMs(): number {
  const shift = "/opt/mac/shift-ms";
  return Date.now() + (existsSync(shift) ? Number(readFileSync(shift, "utf8")) : 0);
}
