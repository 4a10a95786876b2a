import path from "node:path";
import { version } from "../../system/version.ts";
import type { VersionSource } from "./place-version.ts";

/** The program that is running now, as an installation copies it: its package lies above src/ or dist/. */
export function runningProgram(): VersionSource {
  const root = path.resolve(import.meta.dirname, "..", "..", "..");
  return { root, version: version(), execPath: process.execPath };
}
