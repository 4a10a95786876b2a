import { readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { teachZone, type KnownOffsets } from "../schedule/zone.ts";
import { canonicalJson } from "../system/files.ts";
import type { HomePaths } from "../system/home.ts";
import type { LoadedConfig } from "./last-good.ts";

/** What is kept of a configuration that was read: its values, and the offsets of its zones. */
export interface KeptValues extends Omit<LoadedConfig, "origins"> {
  key: string;
  origins: [string, NonNullable<ReturnType<LoadedConfig["origins"]["get"]>>][];
  zones: KnownOffsets[];
}

/** Two lines: a checksum, and what it is of. In `Logs` itself, which the home's owner may write. */
export function valuesFile(paths: HomePaths): string {
  return path.join(paths.logs, "values.json");
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
  const node = [process.version, process.versions["tz"]];
  return canonicalJson([text, Object.fromEntries(overrides), codeStamp(), node]);
}

/**
 * The values that were kept for the same `key`, or undefined. They spare a command such as
 * `cbi status` the parser, the schema and the machinery of time zones, each of which costs it more
 * than all its work.
 */
export async function keptValues(paths: HomePaths, key: string): Promise<LoadedConfig | undefined> {
  try {
    const [sum, body = ""] = (await readFile(valuesFile(paths), "utf8")).split("\n", 2);
    if (sum !== checksum(body)) return undefined;
    // Validated when it was written, and the checksum shows that it is what was written.
    const kept = JSON.parse(body) as KeptValues;
    if (kept.key !== key) return undefined;
    for (const zone of kept.zones) teachZone(zone);
    const { config, configHash, warnings } = kept;
    return { config, configHash, warnings, origins: new Map(kept.origins) };
  } catch {
    // Absent or damaged, it is only slower without.
    return undefined;
  }
}

/**
 * FNV-1a of 32 bits (draft-eastlake-fnv), over words instead of bytes for speed: against damage, not
 * against malice. A real hash would load all of Node's cryptography, a tenth of what a quick command takes.
 */
export function checksum(text: string): string {
  const bytes = new TextEncoder().encode(`${text}${" ".repeat(4)}`);
  const words = new Int32Array(bytes.buffer, 0, bytes.length >> 2);
  let hash = 0x811c9dc5;
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193);
  return (hash >>> 0).toString(16);
}

/** Changes with every edit and every installation of the code that reads configurations. */
function codeStamp(): string[] {
  const folder = import.meta.dirname;
  return readdirSync(folder)
    .filter((name) => !name.endsWith(".map"))
    .sort()
    .map((name) => {
      const { size, mtimeMs } = statSync(path.join(folder, name));
      return `${name} ${size} ${mtimeMs}`;
    });
}
