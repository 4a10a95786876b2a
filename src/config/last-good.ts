import { readdirSync, statSync } from "node:fs";
import { readFile, utimes } from "node:fs/promises";
import path from "node:path";
import type { Clock } from "../system/clock.ts";
import {
  canonicalJson,
  hashText,
  readTextIfThere,
  replaceFile,
  replaceJson,
} from "../system/files.ts";
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
 * Keeps the configuration that a run starts with: the file, so that a later mistake can be compared
 * with it (its modification time tells when it was last used), and the values that it gave.
 */
export async function keepLastGood(
  home: LoadedConfig & { paths: HomePaths; text: string; valuesKey: string | undefined },
  clock: Clock,
): Promise<void> {
  const file = lastGoodFile(home.paths);
  const kept = await readTextIfThere(file);
  if (kept !== home.text) await replaceFile(file, home.text);
  const seconds = clock.now() / 1000;
  await utimes(file, seconds, seconds);
  if (home.valuesKey === undefined) return;
  const { config, configHash, warnings, valuesKey } = home;
  const values = { key: valuesKey, configHash, config, origins: [...home.origins], warnings };
  await replaceJson(valuesFile(home.paths), values);
}

/**
 * What the values depend on: the file's text, the overrides, this program's configuration code and
 * this Node, which knows the time zones. Undefined when there are options, which are for once.
 */
export function valuesKeyOf(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
  hasOptions: boolean,
): string | undefined {
  if (hasOptions) return undefined;
  const overrides = Object.entries(environment).filter(([name]) => /^CBI_CONFIG/i.test(name));
  return hashText(
    canonicalJson([text, Object.fromEntries(overrides), codeStamp(), process.version]),
  );
}

/**
 * The values that a run kept for the same `key`, or undefined. They spare a command such as
 * `cbi status` the parser and the schema, which cost it more than all its work.
 */
export async function keptValues(paths: HomePaths, key: string): Promise<LoadedConfig | undefined> {
  try {
    const text = await readFile(valuesFile(paths), "utf8");
    // Validated when it was written, and the hash shows that it is what was written.
    const kept = JSON.parse(text) as Kept;
    if (kept.key !== key || kept.configHash !== hashText(canonicalJson(kept.config)))
      return undefined;
    const { config, configHash, warnings } = kept;
    return { config, configHash, warnings, origins: new Map(kept.origins) };
  } catch {
    // Absent or damaged, it is only slower without.
    return undefined;
  }
}

interface Kept extends Omit<LoadedConfig, "origins"> {
  key: string;
  origins: [string, NonNullable<ReturnType<Origins["get"]>>][];
}

function valuesFile(paths: HomePaths): string {
  return path.join(paths.logs, "config", "last-good.json");
}

/** Changes with every edit and every installation of the code that reads configurations. */
function codeStamp(): string[] {
  const folder = import.meta.dirname;
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const { size, mtimeMs } = statSync(path.join(folder, name));
      return `${name} ${size} ${mtimeMs}`;
    });
}
