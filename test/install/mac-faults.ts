import type { Call } from "../rig/mac/fake.ts";
import type { Fault } from "../rig/mac/faults.ts";

/** Something that goes wrong with one call of a run that would go well. */
export interface Mishap {
  fault: Fault;
  /** The call and what becomes of it, for a person. */
  name: string;
}

type Kind = Pick<Fault, "does" | "code" | "stderr">;

const KILLS: readonly Kind[] = [{ does: "killed-before" }, { does: "killed-after" }];
const HANG: Kind = { does: "hang" };
const PASSWORD = "sudo: a password is required\n";

/** Everything that is plausible to go wrong with every call of a run. */
export function mishapsOf(all: readonly Call[]): Mishap[] {
  const calls = callsOfCbi(all);
  return calls.flatMap((call, index) => {
    const earlier = calls.slice(0, index).filter((one) => sameWords(one, call)).length;
    return kindsFor(call).map((kind) => mishap(call, earlier, kind));
  });
}

/**
 * One mishap for each kind of call, so that every program, verb and place is met: which of its calls and what
 * becomes of it changes from seed to seed.
 */
export function someMishaps(all: readonly Call[], seed: number): Mishap[] {
  const calls = callsOfCbi(all);
  const shapes = new Map<string, number[]>();
  calls.forEach((call, index) => {
    const shape = shapeOf(call);
    shapes.set(shape, [...(shapes.get(shape) ?? []), index]);
  });
  return [...shapes.values()].flatMap((indices, number) => {
    const index = indices[(seed + number) % indices.length] ?? 0;
    const call = calls[index];
    if (!call) return [];
    const kinds = kindsFor(call);
    const kind = kinds[(seed + number) % kinds.length];
    const earlier = calls.slice(0, index).filter((one) => sameWords(one, call)).length;
    return kind ? [mishap(call, earlier, kind)] : [];
  });
}

function mishap(call: Call, spares: number, kind: Kind): Mishap {
  const program = call.program.split("/").at(-1) ?? "";
  const words = `^${call.args.join(" ").replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`;
  const what = kind.does === "exit" ? `ends with ${kind.code}` : kind.does;
  const name = `${program} ${call.args.join(" ")}, ${spares + 1}. time: ${what}`;
  return { fault: { program, words, uid: call.uid, spares, ...kind }, name };
}

/** Its own, and what sudo ran for it; not what launchd has started meanwhile. */
function callsOfCbi(calls: readonly Call[]): Call[] {
  const asRoot = new Set(calls.filter(isSudo).map(({ args }) => args.slice(2).join(" ")));
  return calls.filter(({ program, args, uid }) => {
    return uid !== 0 || asRoot.has([program, ...args].join(" "));
  });
}

function isSudo({ program }: Pick<Call, "program">): boolean {
  return program.endsWith("/sudo");
}

/** What may come of a call; what sudo starts is killed and hangs with sudo itself. */
function kindsFor({ program, args, uid }: Call): Kind[] {
  if (program.endsWith("/launchctl")) {
    const codes = (CODES[args[0] ?? ""] ?? []).map(([code, stderr]) => exit(code, stderr));
    return uid === 0 ? codes : [...codes, HANG, ...KILLS];
  }
  if (isSudo({ program })) {
    const isCopy = args.includes("/usr/bin/install") && !args.includes("-d");
    const full = exit(1, "No space left on device\n");
    return [
      { does: "late" },
      exit(1, PASSWORD),
      full,
      HANG,
      ...KILLS,
      ...(isCopy ? [{ does: "partly" } as const] : []),
    ];
  }
  return [exit(1, "it failed\n"), HANG, ...KILLS];
}

const CODES: Readonly<Record<string, readonly [number, string][]>> = {
  print: [
    [5, "Input/output error\n"],
    [64, "Unrecognized target specifier.\n"],
  ],
  "print-disabled": [[5, "Input/output error\n"]],
  enable: [[1, "Could not enable service: 1: Operation not permitted\n"]],
  bootstrap: [
    [5, "Bootstrap failed: 5: Input/output error\n"],
    [17, "Bootstrap failed: 17: File exists\n"],
    [37, "Bootstrap failed: 37: Operation already in progress\n"],
    [119, "Bootstrap failed: 119: Service is disabled\n"],
    [122, "Bootstrap failed: 122: Path had bad ownership/permissions\n"],
    [133, "Bootstrap failed: 133: Multiple errors were returned; see stderr\n"],
  ],
  bootout: [
    [1, "Boot-out failed: 1: Operation not permitted\n"],
    [5, "Boot-out failed: 5: Input/output error\n"],
    [150, "Boot-out failed: 150: Operation not permitted while SIP is engaged\n"],
  ],
};

function exit(code: number, stderr: string): Kind {
  return { does: "exit", code, stderr };
}

function sameWords(one: Call, other: Call): boolean {
  const isSame = one.program === other.program && one.uid === other.uid;
  return isSame && one.args.join(" ") === other.args.join(" ");
}

/** A call without the names of what it is about. */
function shapeOf({ program, args, uid }: Call): string {
  const words = args.map((word) =>
    word
      .replace(/com\.cbi\.\w+/, "LABEL")
      .replace(/\/(?:set-wakes|wakes|wakes-report)(?=$|\.)/, "/FILE"),
  );
  return `${uid} ${program} ${words.join(" ")}`;
}
