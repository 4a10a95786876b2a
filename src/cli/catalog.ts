import type { Command } from "./command.ts";

/** A command that is loaded only when it is asked for, so that each starts fast. */
export interface CatalogEntry {
  words: readonly [string, ...string[]];
  summary: string;
  load(): Promise<{ command: Command }>;
}

/** Every command, in the order of the help. A test holds words and summaries equal to the files'. */
export const catalog: readonly CatalogEntry[] = [
  {
    words: ["calendar"],
    summary: "Show a year of a trading calendar: closures and early closes",
    load: () => import("./commands/calendar.ts"),
  },
];
