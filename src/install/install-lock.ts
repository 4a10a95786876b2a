import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { RunLock } from "../guard/run-lock.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { versionsFolder } from "./app/place-version.ts";

export function installLockFile(appFolder: string): string {
  return path.join(appFolder, "install.lock");
}

/** The right to change the app folder. Throws `CBI_LOCK_HELD` (75) when another process has it. */
export function takeInstallLock(appFolder: string): RunLock {
  const lock = RunLock.tryTake(installLockFile(appFolder));
  if (lock) return lock;
  throw new Failure({
    code: "CBI_LOCK_HELD",
    message: "another cbi install or uninstall is under way",
    remedy: "Wait for its end, then the same command again",
    exit: ExitCode.lockHeld,
  });
}

/** Removes the app folder if nothing lies in it but the lock's file, and a folder for versions without one. */
export function removeLonelyLock(appFolder: string): void {
  if (!existsSync(appFolder)) return;
  const lock = path.basename(installLockFile(appFolder));
  const versions = versionsFolder(appFolder);
  const isBare = !existsSync(versions) || readdirSync(versions).length === 0;
  const known = new Set([lock, path.basename(versions)]);
  const isLonely = isBare && readdirSync(appFolder).every((name) => known.has(name));
  if (isLonely) rmSync(appFolder, { recursive: true, force: true });
}
