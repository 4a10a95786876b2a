import { PACKAGE_ROOT } from "../../system/package-root.ts";
import { version } from "../../system/version.ts";
import type { VersionSource } from "./place-version.ts";

/** The program that is running now, as an installation copies it. */
export function runningProgram(): VersionSource {
  return { root: PACKAGE_ROOT, version: version(), execPath: process.execPath };
}
