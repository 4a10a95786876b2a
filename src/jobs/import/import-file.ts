import path from "node:path";
import { importApscheduler } from "./apscheduler.ts";
import { importCrontab } from "./crontab.ts";
import type { Imported } from "./imported.ts";
import { importLaunchd } from "./launchd.ts";
import { readSource, readUnit } from "./read-source.ts";
import { importSystemd } from "./systemd.ts";

export const IMPORT_FORMATS = ["crontab", "launchd", "systemd", "apscheduler"] as const;

export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/**
 * Reads an existing schedule and turns it into jobs. Runs nothing of it. Throws `CBI_IMPORT_UNREADABLE` (65).
 */
export async function importFile(
  format: ImportFormat,
  file: string,
  context: { zone: string; hasUsers: boolean },
): Promise<Imported> {
  switch (format) {
    case "crontab": {
      const hasUsers = context.hasUsers || isSystemCrontab(file);
      return importCrontab(await readSource(file), { ...context, hasUsers });
    }
    case "launchd":
      return importLaunchd(await readSource(file), context);
    case "systemd":
      return importSystemd(await readUnit(file), context);
    case "apscheduler":
      return importApscheduler(await readSource(file), context);
  }
}

/** crontab(5): the system's own tables have a user before the command. */
function isSystemCrontab(file: string): boolean {
  const absolute = path.resolve(file);
  return absolute === "/etc/crontab" || path.dirname(absolute) === "/etc/cron.d";
}
