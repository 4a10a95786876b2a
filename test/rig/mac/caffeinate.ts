import type { Fake } from "./fake.ts";

/** `caffeinate [-dims] UTILITY...`, which becomes the utility (caffeinate.c, forkChild). */
export const caffeinate: Fake = {
  answer({ args }) {
    const at = args.findIndex((word) => !word.startsWith("-"));
    return at < 0 ? { code: 0 } : { code: 0, exec: args.slice(at) };
  },
};
