import { readFile } from "node:fs/promises";
import { parse } from "plist";
import { z } from "zod";
import { canonicalJson } from "../../system/files.ts";
import type { CalendarDictionary, PrintedService } from "./print-text.ts";

/** What a property list tells launchd, of what launchd tells back. */
export interface ToldService {
  program: string | undefined;
  arguments: readonly string[];
  username: string | undefined;
  calendar: readonly CalendarDictionary[];
}

const dictionarySchema = z.record(z.string(), z.number());
const listSchema = z.looseObject({
  Program: z.string().optional(),
  ProgramArguments: z.array(z.string()).default([]),
  UserName: z.string().optional(),
  StartCalendarInterval: z.union([z.array(dictionarySchema), dictionarySchema]).default([]),
});

/** What the property list on disk tells; undefined when it is not there or none. */
export async function readTold(file: string): Promise<ToldService | undefined> {
  try {
    const list = listSchema.parse(parse(await readFile(file, "utf8")));
    const { StartCalendarInterval: calendar, ProgramArguments: words } = list;
    return {
      program: list.Program ?? words[0],
      arguments: words,
      username: list.UserName,
      calendar: Array.isArray(calendar) ? calendar : [calendar],
    };
  } catch {
    return undefined;
  }
}

/**
 * In what launchd has another service than it was told of, by name: a file on disk is no evidence of what was
 * registered. Where it shows no times at all, whether it has them cannot be said, and they count as told.
 */
export function differences(printed: PrintedService, told: ToldService): string[] {
  const same = (one: readonly string[], other: readonly string[]): boolean =>
    canonicalJson(one) === canonicalJson(other);
  const times = (calendar: readonly CalendarDictionary[]): string[] =>
    [...new Set(calendar.map((one) => canonicalJson(one)))].sort();
  const isUntold = printed.calendar.length === 0;
  return [
    ...(printed.program === told.program ? [] : ["program"]),
    ...(same(printed.arguments, told.arguments) ? [] : ["arguments"]),
    ...(printed.username === told.username ? [] : ["user"]),
    ...(isUntold || same(times(printed.calendar), times(told.calendar)) ? [] : ["times"]),
  ];
}
