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
    words: ["setup"],
    summary: "Make the workers' Python environment and prove that it trains",
    load: () => import("./commands/setup.ts"),
  },
  {
    words: ["calendar"],
    summary: "Show a year of a trading calendar: closures and early closes",
    load: () => import("./commands/calendar.ts"),
  },
  {
    words: ["next"],
    summary: "Show when a schedule is due next",
    load: () => import("./commands/next.ts"),
  },
  {
    words: ["config", "show"],
    summary: "Show every value of the configuration and where it came from",
    load: () => import("./commands/config-show.ts"),
  },
  {
    words: ["config", "check"],
    summary: "Check the configuration and list every problem in it",
    load: () => import("./commands/config-check.ts"),
  },
  {
    words: ["config", "schema"],
    summary: "Print the JSON Schema of cbi.yaml, by which editors complete and check",
    load: () => import("./commands/config-schema.ts"),
  },
];
