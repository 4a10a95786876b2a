import { existsSync, readdirSync } from "node:fs";
import { readlink, rename, rm, symlink } from "node:fs/promises";
import path from "node:path";
import { temporaryNameFor } from "../../system/files.ts";
import { versionsInUse } from "./in-use.ts";
import { versionsFolder } from "./place-version.ts";

/** Which version `current` points to, if any. */
export async function currentVersion(appFolder: string): Promise<string | undefined> {
  const target = await readlink(currentLink(appFolder)).catch(() => undefined);
  return target === undefined ? undefined : path.basename(target);
}

/**
 * Lets `current` point to a version: by rename, so that at each moment it points to one. Windows renames
 * nothing over a folder, and lets everybody make a junction, which is absolute: for a moment there is none.
 */
export async function moveCurrent(
  appFolder: string,
  name: string,
  platform: NodeJS.Platform = process.platform,
): Promise<void> {
  const link = currentLink(appFolder);
  if (platform === "win32") {
    await rm(link, { force: true });
    await symlink(path.join(versionsFolder(appFolder), name), link, "junction");
    return;
  }
  const temporary = temporaryNameFor(link);
  await symlink(path.join("versions", name), temporary);
  await rename(temporary, link);
}

export function currentLink(appFolder: string): string {
  return path.join(appFolder, "current");
}

/**
 * Removes versions, and what unfinished copies left, except for `current` and what a process runs from.
 * Returns the names of those that went.
 */
export async function removeOldVersions(appFolder: string): Promise<string[]> {
  const folder = versionsFolder(appFolder);
  if (!existsSync(folder)) return [];
  const kept = new Set([await currentVersion(appFolder), ...versionsInUse(appFolder)]);
  const old = readdirSync(folder).filter((name) => !kept.has(name));
  for (const name of old) await rm(path.join(folder, name), { recursive: true, force: true });
  return old;
}
