import os from "node:os";
import path from "node:path";

/** What of the world decides where the app folder is. */
export interface AppFolderFacts {
  environment: Readonly<Record<string, string | undefined>>;
  platform?: NodeJS.Platform;
  userFolder?: string;
}

/**
 * The folder in which cbi keeps what all homes of a user share: its own installation and the
 * workers' environment. Apple's File System Programming Guide, the XDG base directory
 * specification (a relative value is to be ignored) and Windows' known folders name the places.
 */
export function appFolder(facts: AppFolderFacts): string {
  const platform = facts.platform ?? process.platform;
  const user = facts.userFolder ?? os.homedir();
  if (platform === "darwin") return path.join(user, "Library", "Application Support", "cbi");
  if (platform === "win32") {
    const local = facts.environment["LOCALAPPDATA"];
    return path.win32.join(local || path.win32.join(user, "AppData", "Local"), "cbi");
  }
  const data = facts.environment["XDG_DATA_HOME"];
  const isUsable = data !== undefined && path.isAbsolute(data);
  return path.join(isUsable ? data : path.join(user, ".local", "share"), "cbi");
}
