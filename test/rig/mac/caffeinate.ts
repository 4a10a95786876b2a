import { globSync, readFileSync } from "node:fs";
import type { PowerAssertion } from "../../../src/host/launchd/pmset/assertions-text.ts";
import { ok, remember, stateOf, type Fake } from "./fake.ts";

/** How caffeinate does; `caffeinate.json` of the state. */
interface CaffeinateState {
  /** It starts the utility, and powerd never hears of it. */
  isDeaf?: boolean;
  /** By the number of the process that is served: what it was asked for. */
  served: Record<string, string>;
}

const HOLDER = "cbi-caffeinate-holder";
const TYPES: Readonly<Record<string, string>> = {
  d: "PreventUserIdleDisplaySleep",
  i: "PreventUserIdleSystemSleep",
  m: "PreventDiskIdle",
  s: "PreventSystemSleep",
};
/**
 * The parent becomes the utility, and a child of its own group holds for it until it ends (caffeinate.c,
 * forkChild); a utility that is not there ends with 127, one that is no program with 126.
 */
const START = `trap "" INT QUIT
( exec 3>&- 4>&-; exec /bin/bash -c 'while kill -0 "$0" 2>/dev/null; do read -rt 0.1 <> <(:); done' "$$" ${HOLDER} ) &
exec "$@"`;
const WATCH = `while kill -0 "$1" 2>/dev/null; do read -rt 0.1 <> <(:); done`;

/** `caffeinate [-dims] UTILITY...` and `caffeinate [-dims] -w PID`. */
export const caffeinate: Fake = {
  answer({ args, pid }) {
    const state = stateOf<CaffeinateState>("caffeinate", { served: {} });
    const flags = args.filter((word) => /^-[dims]+$/.test(word)).join("");
    const serve = (one: string): void =>
      remember("caffeinate", { ...state, served: { ...state.served, [one]: flags } });
    const watched = args[args.indexOf("-w") + 1];
    if (args.includes("-w") && watched !== undefined) {
      serve(watched);
      return { code: 0, exec: ["/bin/bash", "-c", WATCH, HOLDER, watched] };
    }
    const at = args.findIndex((word) => !word.startsWith("-"));
    if (at < 0) return ok;
    if (state.isDeaf) return { code: 0, exec: args.slice(at) };
    serve(`${pid}`);
    return { code: 0, exec: ["/bin/bash", "-c", START, "caffeinate", ...args.slice(at)] };
  },
};

/** What powerd has of caffeinate's: the holders that are alive. */
export function heldAwake(): PowerAssertion[] {
  const { served } = stateOf<CaffeinateState>("caffeinate", { served: {} });
  return globSync("/proc/[0-9]*/cmdline").flatMap((file) => {
    const words = textOf(file).split("\0");
    const at = words.indexOf(HOLDER);
    if (at < 0) return [];
    const pid = Number(file.split("/")[2]);
    // The one that a start leaves names whom it serves before its mark, the other one after it.
    const one = words[at - 1] === WATCH ? words[at + 1] : words[at - 1];
    const flags = served[one ?? ""] ?? "-i";
    const types = Object.entries(TYPES).filter(([letter]) => flags.includes(letter));
    return types.map(([, type]) => ({
      pid,
      process: "caffeinate",
      type,
      onBehalfOfPid: Number(one),
    }));
  });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
