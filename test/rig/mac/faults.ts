import { remember, stateOf, type Call } from "./fake.ts";

/** What goes wrong with a call; `faults.json` of the state holds a list of them. */
export interface Fault {
  /** The number of the call; without one, the first that fits the rest. */
  call?: number;
  /** The last part of its path: `launchctl`. */
  program?: string;
  /** A regular expression on its words, joined by spaces. */
  words?: string;
  /** Whose call it is. */
  uid?: number;
  /** So many calls that fit go well before; 0 without it. */
  spares?: number;
  /**
   * `exit` ends with `code` and `stderr` and does nothing; `hang` never ends; `late` does its work when
   * whoever called has given up; `partly` does a part of it and ends with 1; `killed-before` and
   * `killed-after` end the `cbi` that called by SIGKILL.
   */
  does: "exit" | "hang" | "late" | "partly" | "killed-before" | "killed-after";
  code?: number;
  stderr?: string;
  /** It stays, instead of going wrong once. */
  always?: boolean;
}

/** The fault that is meant for a call, if any; it is used up. */
export function faultFor(call: Call): Fault | undefined {
  const faults = stateOf<Fault[]>("faults", []);
  const found = faults.find((fault) => fits(fault, call));
  if (!found || found.always === true) return found;
  const { spares = 0 } = found;
  const left = spares > 0 ? [{ ...found, spares: spares - 1 }] : [];
  remember("faults", [...faults.filter((fault) => fault !== found), ...left]);
  return spares > 0 ? undefined : found;
}

function fits({ call: number, program, words, uid }: Fault, call: Call): boolean {
  if (uid !== undefined && uid !== call.uid) return false;
  if (number !== undefined && number !== call.number) return false;
  if (program !== undefined && !call.program.endsWith(`/${program}`)) return false;
  return words === undefined || new RegExp(words).test(call.args.join(" "));
}
