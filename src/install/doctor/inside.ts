import { INSIDE } from "../probe/ask.ts";
import { skip, type Check } from "./check.ts";

/**
 * Whether the scheduler can start a process of cbi at all, with the rights and the environment of the
 * jobs. What such a process then finds stands with the checks that it is about.
 */
export const insideCheck: Check = {
  name: INSIDE,
  run: async ({ inside }) =>
    (await inside?.())?.start ?? skip("this home is installed in no scheduler that can be asked"),
};
