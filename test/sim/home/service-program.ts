import path from "node:path";
import type { SimProcess } from "../mac/process.ts";
import type { Nights } from "../nights.ts";
import { HOME } from "./config.ts";

const STEP_MS = 10_000;
const STEPS_TO_TROUBLE_MAX = 30;
const STEPS_OF_THE_SICK_MAX = 4;

/**
 * What the service does: beats and talks until TERM. In trouble it ends by itself after a while, or it
 * hangs: it does not beat, or it beats and says nothing, and sometimes has no ear for TERM either.
 */
export async function runService(
  nights: Nights,
  process: SimProcess,
  say: (text: string) => void,
): Promise<number> {
  const { mac } = process;
  nights.checks.programStarts(process);
  nights.programStarts(process);
  const isSick = nights.isSick(process.environment["CBI_RUN"] ?? "");
  const trouble = nights.troubleOf(isSick ? "sick service" : "service");
  const steps = nights.work.whole(0, isSick ? STEPS_OF_THE_SICK_MAX : STEPS_TO_TROUBLE_MAX);
  const isDeaf = trouble === "hang" && nights.work.is(0.5);
  const beatsOn = nights.work.is(0.5);
  const signal = isDeaf ? undefined : process.stop.signal;
  const clock = mac.clockOf(process);
  try {
    for (let step = 0; ; step++) {
      const isInTrouble = trouble !== undefined && step >= steps;
      if (isInTrouble && trouble === "retryable") return 1;
      if (isInTrouble && trouble === "fatal") return 78;
      const hangs = isInTrouble && trouble === "hang";
      if (hangs) nights.checks.programHangs(process);
      if (!hangs || beatsOn) beat(nights, process);
      if (!hangs || !beatsOn) say(`tick ${step}\n`);
      await clock.sleep(STEP_MS, signal);
    }
  } catch {
    await clock.sleep(nights.work.whole(0, 2000));
    return 143;
  }
}

/** On a full disk a beat can be renewed, and not be begun: it hangs then as far as anybody can see. */
function beat(nights: Nights, process: SimProcess): void {
  const { disk } = process.mac;
  const file = path.join(HOME, "state", "beat");
  const known = disk.find(file);
  if (known?.kind === "file") disk.touch(known);
  else if (disk.isFull) nights.checks.programHangs(process);
  else {
    disk.makeFolder(path.dirname(file));
    disk.open(file);
  }
}
