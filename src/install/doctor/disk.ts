import { freeBytesAt } from "../../system/disk-space.ts";
import { FREE_FAIL_BYTES, FREE_WARN_BYTES } from "../../watchdog/judge-home.ts";
import { fail, pass, skip, warn, type Check } from "./check.ts";

const MEBIBYTE = 1024 * 1024;

/** Whether a night has room, by the watchdog's own limits. */
export const diskCheck: Check = {
  name: "disk",
  run: async ({ home }) => {
    const free = await freeBytesAt(home.paths.root);
    if (free === undefined) return skip("the disk does not say how much is free");
    const seen = `${Math.floor(free / MEBIBYTE)} MiB are free on the home's disk`;
    if (free >= FREE_WARN_BYTES) return pass(seen);
    return free < FREE_FAIL_BYTES ? fail(seen, "cbi prune") : warn(seen, "cbi prune");
  },
};
