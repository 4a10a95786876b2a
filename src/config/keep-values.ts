import { existsSync } from "node:fs";
import { offsetsOf, type KnownOffsets } from "../schedule/zone.ts";
import { replaceFile } from "../system/files.ts";
import type { HomePaths } from "../system/home.ts";
import { calendarWithoutDays } from "./calendars.ts";
import { checksum, valuesFile, type KeptValues } from "./kept-values.ts";
import type { LoadedConfig } from "./last-good.ts";
import type { Config } from "./schema.ts";

/** Beyond these years a zone is asked anew. */
const OFFSETS_FROM_MS = Date.UTC(2025, 0, 1);
const OFFSETS_THROUGH_MS = Date.UTC(2041, 0, 1);

/**
 * Keeps what a configuration gave for the commands to come. Where that cannot be, on a disk that is
 * full or only read, they are slower and nothing else; and where no job has ever run, nothing is kept,
 * so that looking at a home leaves no trace in it.
 */
export async function keepValues(
  paths: HomePaths,
  key: string,
  { config, configHash, warnings, origins }: LoadedConfig,
): Promise<void> {
  if (!existsSync(paths.ledger)) return;
  const zones = zonesOf(config);
  const values = { key, configHash, config, warnings, origins: [...origins], zones };
  const body = JSON.stringify(values satisfies KeptValues);
  await replaceFile(valuesFile(paths), `${checksum(body)}\n${body}\n`).catch(() => undefined);
}

/** The zones in which the home and its jobs live, and those of their calendars. */
function zonesOf(config: Config): KnownOffsets[] {
  const jobs = Object.values(config.jobs);
  const calendars = [config.calendar, ...jobs.map(({ calendar }) => calendar ?? config.calendar)];
  const names = new Set([config.zone, ...jobs.map(({ zone }) => zone ?? config.zone)]);
  for (const name of new Set(calendars)) {
    const calendar = calendarWithoutDays(config, name);
    if (calendar) names.add(calendar.zone.name);
  }
  return [...names].flatMap((name) => offsetsOf(name, OFFSETS_FROM_MS, OFFSETS_THROUGH_MS) ?? []);
}
