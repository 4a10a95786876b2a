import { existsSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { RunLock } from "../guard/run-lock.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";

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

/** Removes the app folder if nothing but the lock's file lies in it: nothing has come of the installation. */
export function removeLonelyLock(appFolder: string): void {
  if (!existsSync(appFolder)) return;
  const lock = path.basename(installLockFile(appFolder));
  const isLonely = readdirSync(appFolder).every((name) => name === lock);
  if (isLonely) rmSync(appFolder, { recursive: true, force: true });
}
