import { existsSync } from "node:fs";
import path from "node:path";
import { SharedLock } from "./shared-lock.ts";

/** In the folder of an installed version: what whoever runs from it has a share of. */
export const VERSION_LOCK = "in-use.lock";
/** What an installed version's folder has, as the last that is written into it. */
export const VERSION_MARKER = "version.json";

let held: SharedLock | undefined;

/**
 * Holds the installed version that this process runs from until the process ends, so that no upgrade
 * takes it away. Nothing for a program that runs from elsewhere; what cannot be held is not.
 */
export function holdVersion(packageRoot: string): void {
  // `versions/<v>/node_modules/cbi`, as it is placed.
  const folder = path.resolve(packageRoot, "..", "..");
  const isPlaced = path.basename(path.dirname(folder)) === "versions";
  if (!isPlaced || !existsSync(path.join(folder, VERSION_MARKER))) return;
  held ??= SharedLock.tryTake(path.join(folder, VERSION_LOCK));
}
