import { existsSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { isTemporaryName } from "../../system/files.ts";

/** Removes what a process that was killed had not finished in the app folder. */
export async function sweepApp(appFolder: string): Promise<void> {
  if (!existsSync(appFolder)) return;
  const left = readdirSync(appFolder).filter((name) => isTemporaryName(name));
  for (const name of left) await rm(path.join(appFolder, name), { recursive: true, force: true });
}
