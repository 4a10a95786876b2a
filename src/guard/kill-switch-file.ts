import { statSync } from "node:fs";
import path from "node:path";
import { ExitCode } from "../system/exit-code.ts";
import { Failure, messageOf } from "../system/failure.ts";
import { replaceFile } from "../system/files.ts";
import type { HomePaths } from "../system/home.ts";
import { readBytes } from "../system/read-bytes.ts";
import { singleLine } from "../system/text.ts";
import { isInForce, type KillOrder, type KillState } from "./kill-switch.ts";
import { killSwitchText, parseKillSwitch } from "./kill-switch-text.ts";
import { RunLock } from "./run-lock.ts";

const BYTES_MAX = 256 * 1024;
const STOP_BYTES_MAX = 4096;

export function killSwitchFile(paths: HomePaths): string {
  return path.join(paths.logs, "kill-switch.json");
}

/** Its mere existence stops everything: it can be made by hand when nothing else works. */
export function stopFile(paths: HomePaths): string {
  return path.join(paths.root, "STOP");
}

/** What stands in the way of starts now. Never throws: what cannot be read is damage. */
export async function readKillState(paths: HomePaths): Promise<KillState> {
  // Most often neither is there, and this is asked before every start and every other second.
  if (isAbsent(killSwitchFile(paths)) && isAbsent(stopFile(paths))) {
    return { orders: [], stopFile: undefined, damage: undefined };
  }
  const [orders, stop] = await Promise.all([readOrders(paths), readStop(paths)]);
  return {
    orders: "orders" in orders ? orders.orders : [],
    stopFile: stop,
    damage: "damage" in orders ? orders.damage : undefined,
  };
}

/**
 * Changes the orders in force, one process at a time; those that ended by themselves are dropped. A
 * damaged file is only written anew `fromDamage`, since that lets go of what it holds. Throws
 * `CBI_LOCK_HELD` (75), `CBI_KILL_SWITCH_DAMAGED` or `CBI_KILL_SWITCH_UNWRITABLE` (1).
 */
export async function changeOrders(
  paths: HomePaths,
  nowMs: number,
  change: (orders: readonly KillOrder[]) => readonly KillOrder[],
  options: { fromDamage: boolean },
): Promise<void> {
  using lock = RunLock.tryTake(path.join(paths.logs, "kill-switch.lock"));
  if (!lock) throw changingFailure(paths);
  const { orders, damage } = await readKillState(paths);
  if (damage !== undefined && !options.fromDamage) throw damagedFailure(paths, damage);
  const kept = orders.filter((order) => isInForce(order, nowMs));
  try {
    await replaceFile(killSwitchFile(paths), killSwitchText(change(kept)));
  } catch (error) {
    throw unwritableFailure(paths, error);
  }
}

function changingFailure(paths: HomePaths): Failure {
  return new Failure({
    code: "CBI_LOCK_HELD",
    message: "another process is changing the kill switch",
    remedy: `Try again; in need make the file ${stopFile(paths)}.`,
    exit: ExitCode.lockHeld,
    class: "retryable",
  });
}

function damagedFailure(paths: HomePaths, damage: string): Failure {
  return new Failure({
    code: "CBI_KILL_SWITCH_DAMAGED",
    message: `the kill switch is damaged, and nothing starts: ${damage}`,
    remedy: `To stop what runs make the file ${stopFile(paths)}; to let all run again: cbi resume`,
    exit: ExitCode.failed,
  });
}

function unwritableFailure(paths: HomePaths, error: unknown): Failure {
  return new Failure({
    code: "CBI_KILL_SWITCH_UNWRITABLE",
    message: `the kill switch cannot be written: ${messageOf(error)}`,
    remedy: `Make the file ${stopFile(paths)} instead, by hand: its being there stops everything.`,
    exit: ExitCode.failed,
    cause: error,
  });
}

/** False where the system does not say: whoever reads it then says why. */
function isAbsent(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

async function readOrders(
  paths: HomePaths,
): Promise<{ orders: readonly KillOrder[] } | { damage: string }> {
  const file = killSwitchFile(paths);
  try {
    const read = await readBytes(file, BYTES_MAX);
    if (read.kind === "absent") return { orders: [] };
    if (read.kind !== "bytes") return { damage: `${file} is no file that can be read` };
    const parsed = parseKillSwitch(Buffer.from(read.bytes).toString("utf8"));
    return "damage" in parsed ? { damage: `${file}: ${parsed.damage}` } : parsed;
  } catch (error) {
    return { damage: `${file}: ${messageOf(error)}` };
  }
}

/** The words in the file `STOP`, or undefined when there is nothing of that name. */
async function readStop(paths: HomePaths): Promise<string | undefined> {
  try {
    const read = await readBytes(stopFile(paths), STOP_BYTES_MAX);
    if (read.kind === "absent") return undefined;
    if (read.kind !== "bytes") return "";
    return singleLine(Buffer.from(read.bytes).toString("utf8"), 200);
  } catch {
    return "";
  }
}
