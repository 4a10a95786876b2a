import { existsSync } from "node:fs";
import module from "node:module";
import path from "node:path";
import { appFolder } from "../system/app-folder.ts";

/**
 * Lets Node keep the compiled form of what it loads, which spares every later start a part of its
 * time. In the app folder, where no other user can write, and only when set-up has made it: a mere
 * `cbi --help` leaves no trace. Call it before anything large is imported.
 */
export function enableCompileCache(
  environment: Readonly<Record<string, string | undefined>>,
): void {
  const folder = appFolder({ environment });
  if (environment["NODE_COMPILE_CACHE"] !== undefined || !existsSync(folder)) return;
  module.enableCompileCache(path.join(folder, "compile-cache"));
}
