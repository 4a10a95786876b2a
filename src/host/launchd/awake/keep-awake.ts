import type { Clock } from "../../../system/clock.ts";
import { messageOf } from "../../../system/failure.ts";
import { readPower } from "../../../system/power.ts";
import { signalProcess } from "../../../system/signals.ts";
import { startBeside } from "../../../system/start-beside.ts";
import { MAC_TOOLS, readAssertions } from "../pmset/pmset.ts";
import { decideAwake, holdersFor, type AwakePolicy } from "./decide-awake.ts";

export interface AwakeWorld {
  clock: Clock;
  signal: AbortSignal;
  /** Whom caffeinate is to serve; this process. */
  pid: number;
  /** Told of what is not as it was meant, once each time that it changes. */
  say: (message: string) => void;
  tools?: { pmset: string; caffeinate: string };
}

const CAFFEINATE = "/usr/bin/caffeinate";
/** caffeinate becomes the program before its child has told powerd. */
const SETTLE_MS = 1_000;
/** Mains come and go. */
const LOOK_AGAIN_MS = 5 * 60_000;

/**
 * Sees to it that the Mac is held awake for this process as the job says, until the signal. launchd has
 * started it under caffeinate(8), and powerd's own list decides whether that holds: a caffeinate that is not
 * there is started again beside it, to end when it does; and on battery, where `ac` lets the Mac sleep, the one
 * that is there is ended. Never throws: a run goes on without.
 */
export async function keepAwake(policy: AwakePolicy, world: AwakeWorld): Promise<void> {
  if (policy === "never") return;
  const { clock, signal } = world;
  try {
    for (let look = 0, isKnown = true; ; look++) {
      isKnown = await lookAfter(policy, world, { isFirst: look === 0, wasKnown: isKnown });
      await clock.sleep(LOOK_AGAIN_MS, signal);
    }
  } catch {
    // It is over.
  }
}

/** False where it could not be asked; powerd may be slow after a wake, and the next look asks again. */
async function lookAfter(
  policy: AwakePolicy,
  world: AwakeWorld,
  { isFirst, wasKnown }: { isFirst: boolean; wasKnown: boolean },
): Promise<boolean> {
  const { clock, signal, say } = world;
  try {
    const isNew = isFirst && (await step(policy, world, "look")) === "hold";
    if (isNew) await clock.sleep(SETTLE_MS, signal);
    await step(policy, world, "act");
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (wasKnown) say(`whether the Mac is held awake is not known: ${messageOf(error)}`);
    return false;
  }
}

async function step(
  policy: AwakePolicy,
  { pid, say, signal, tools }: AwakeWorld,
  how: "look" | "act",
): Promise<ReturnType<typeof decideAwake>> {
  const pmset = tools?.pmset ?? MAC_TOOLS.pmset;
  const { source, evidence } = await readPower(signal, {
    platform: "darwin",
    suppliesFolder: "",
    pmset: [pmset, "-g", "batt"],
  });
  const holders = holdersFor(pid, await readAssertions(signal, { ...MAC_TOOLS, pmset }));
  const decided = decideAwake(policy, source, holders.length > 0);
  if (how === "look") return decided;
  if (decided === "hold") {
    const started = await startBeside(tools?.caffeinate ?? CAFFEINATE, ["-ims", "-w", `${pid}`]);
    say(
      started === undefined
        ? "nothing holds the Mac awake, and caffeinate cannot be started: it may sleep during the run"
        : "powerd listed no caffeinate for this run, so another one was started that watches it",
    );
  } else if (decided === "release") {
    for (const holder of holders) signalProcess(holder, "SIGTERM");
    say(
      `${evidence}, and power.awake is ac: nothing holds it awake, and it may sleep during the run`,
    );
  }
  return decided;
}
