import { utimes } from "node:fs/promises";
import path from "node:path";
import type { Clock } from "../system/clock.ts";
import { readTextIfThere, replaceFile } from "../system/files.ts";
import type { HomePaths } from "../system/home.ts";
import type { Origins } from "./origins.ts";
import type { Config } from "./schema.ts";

/** A valid configuration and what was found on the way to it. */
export interface LoadedConfig {
  config: Config;
  origins: Origins;
  /** SHA-256 of the values, whatever their order, comments and origins. */
  configHash: string;
  warnings: string[];
}

/** The copy of the file that a run last started with. */
export function lastGoodFile(paths: HomePaths): string {
  return path.join(paths.logs, "config", "last-good.yaml");
}

/**
 * Keeps the file that a run starts with, so that a later mistake can be compared with it; its
 * modification time tells when it was last used.
 */
export async function keepLastGood(
  home: { paths: HomePaths; text: string },
  clock: Clock,
): Promise<void> {
  const file = lastGoodFile(home.paths);
  const kept = await readTextIfThere(file);
  if (kept !== home.text) await replaceFile(file, home.text);
  const seconds = clock.now() / 1000;
  await utimes(file, seconds, seconds);
}
