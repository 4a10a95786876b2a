import path from "node:path";

/**
 * Folders of a user that macOS opens to a program only after asking, which it does not do for what
 * launchd starts: the read fails with EPERM, or hangs (TCC). The disk makes no difference of case.
 */
const OF_USERS = ["Desktop", "Documents", "Downloads", "Library/Mobile Documents"];
/** External drives and shares. */
const VOLUMES = "/Volumes";

/** The protected folder that a path lies in, as a Mac has it; undefined where it lies in none. */
export function protectedFolder(target: string, userFolder: string): string | undefined {
  const folders = [...OF_USERS.map((name) => path.posix.join(userFolder, name)), VOLUMES];
  const wanted = `${target}/`.toLowerCase();
  return folders.find((folder) => wanted.startsWith(`${folder}/`.toLowerCase()));
}
