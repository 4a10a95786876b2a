import path from "node:path";
import type { Config } from "../../config/schema.ts";
import { canonicalJson, exists, hashFile, hashText } from "../../system/files.ts";
import type { HomePaths } from "../../system/home.ts";
import { sqlFiles } from "../../warehouse/sql-files.ts";
import { duckdbSettings } from "../../warehouse/duckdb/settings.ts";
import { sourcesOf } from "../../warehouse/duckdb/sources.ts";

/** A file that a night reads. */
export interface InputFile {
  /** As a person knows it: `raw/wti.csv`. */
  name: string;
  /** Absolute. */
  file: string;
}

/** The user's files that a night reads: sources and SQL. A missing one is listed like any other. */
export async function inputFiles(config: Config, paths: HomePaths): Promise<InputFile[]> {
  const folder = path.resolve(paths.trainingData, duckdbSettings(config).prepare);
  const files = [
    ...sourcesOf(config, paths.trainingData).map(({ file }) => file),
    ...(await sqlFiles(folder)).map(({ file }) => file),
  ];
  return [...new Set(files)].map((file) => ({ name: shownName(file, paths), file }));
}

/** What decides the results of past nights, by name, as hashes. */
export async function inputHashes(
  config: Config,
  paths: HomePaths,
): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const [key, value] of Object.entries(decidingConfig(config))) {
    hashes[`${key} of cbi.yaml`] = hashText(canonicalJson(value));
  }
  for (const { name, file } of await inputFiles(config, paths)) {
    hashes[name] = (await exists(file)) ? await hashFile(file) : "missing";
  }
  return hashes;
}

/** The configuration without what decides only when, how fast and for how long. */
function decidingConfig(config: Config): Record<string, unknown> {
  const { as_of: _asOf, jobs: _jobs, retention: _retention, train, ...rest } = config;
  const { workers: _workers, ...training } = train;
  return { ...rest, train: training };
}

function shownName(file: string, paths: HomePaths): string {
  const relative = path.relative(paths.trainingData, file);
  return isInside(relative) ? relative.split(path.sep).join("/") : file;
}

/** Whether a relative path stays in its folder. */
export function isInside(relative: string): boolean {
  return relative !== "" && !relative.startsWith("..") && !path.isAbsolute(relative);
}
