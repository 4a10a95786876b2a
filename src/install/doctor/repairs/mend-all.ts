import { messageOf } from "../../../system/failure.ts";
import { folders } from "./folders.ts";
import { modes } from "./modes.ts";
import { probe } from "./probe.ts";
import type { Mend, Repair, RepairWorld } from "./repair.ts";
import { units } from "./units.ts";
import { workers } from "./workers.ts";

/** In the order in which one rests on another. */
const REPAIRS: readonly Repair[] = [folders, modes, probe, units, workers];

export interface Mended {
  what: string;
  state: "would" | "done" | "failed";
  /** Why it failed. */
  error?: string;
}

/**
 * Mends what can be mended without a loss, each named before it is done and after. One that cannot be
 * looked for or done does not keep the others from it. In a dry run nothing is done.
 */
export async function mendAll(
  world: RepairWorld,
  { isDryRun }: { isDryRun: boolean },
  tell: (line: string) => void,
): Promise<Mended[]> {
  const all: Mended[] = [];
  for (const repair of REPAIRS) {
    for (const mend of await found(repair, world, (mended) => {
      tell(`FAILED  ${mended.what}: ${mended.error}`);
      all.push(mended);
    })) {
      tell(`${isDryRun ? "would" : "mend "}  ${mend.what}`);
      const mended = isDryRun
        ? { what: mend.what, state: "would" as const }
        : await done(mend, world);
      if (!isDryRun)
        tell(`${mended.state === "done" ? "done " : "FAILED"}  ${mended.error ?? mend.what}`);
      all.push(mended);
    }
  }
  return all;
}

async function found(
  repair: Repair,
  world: RepairWorld,
  fail: (mended: Mended) => void,
): Promise<Mend[]> {
  try {
    return await repair(world);
  } catch (error) {
    if (world.signal.aborted) throw error;
    fail({ what: `look at ${repair.name}`, state: "failed", error: messageOf(error) });
    return [];
  }
}

async function done({ what, mend }: Mend, { signal }: RepairWorld): Promise<Mended> {
  signal.throwIfAborted();
  try {
    await mend();
    return { what, state: "done" };
  } catch (error) {
    if (signal.aborted) throw error;
    return { what, state: "failed", error: messageOf(error) };
  }
}
