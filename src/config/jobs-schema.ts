import { z } from "zod";
import { DAY_RULES, HOLIDAY_RULES } from "../schedule/days.ts";
import { PHASES } from "../schedule/schedule.ts";
import { gate } from "./gates-schema.ts";
import { STAGE_NAMES } from "./stage-names.ts";
import {
  columnName,
  duration,
  jobName,
  templatePath,
  userPath,
  word,
  zone,
} from "./values-schema.ts";

export { STAGE_NAMES };
export const CATCH_UP_POLICIES = ["none", "latest", "all"] as const;
export const EXIT_PRESETS = ["plain", "cron", "check", "sysexits"] as const;
export const EXIT_MEANINGS = ["done", "warn", "skip", "retry", "fatal"] as const;

/** `09:30`, `open+30m`, `close`: read by the schedule itself, in the cross-checks. */
const moment = z
  .string()
  .min(1)
  .max(32)
  .meta({ expects: "a time such as 09:30, open+30m or close" });

const catchUp = z.strictObject({
  policy: z
    .enum(CATCH_UP_POLICIES)
    .default("latest")
    .describe("What becomes of slots that could not start: none, the latest, or all of them"),
  max_age: duration.optional().describe("Slots that are due for longer are missed"),
  max_count: z.int().min(1).max(100).default(10).describe("Of all, at most so many, the newest"),
  spacing: duration.optional().describe("Time between the starts of slots that are caught up"),
});

const power = z.strictObject({
  wake: z.boolean().default(false).describe("Whether the machine is woken for its slots"),
  awake: z
    .enum(["ac", "always", "never"])
    .default("ac")
    .describe("When the machine is kept awake while it runs"),
});

const whenItRuns = {
  schedule: z
    .array(z.string().min(1).max(200))
    .min(1)
    .meta({ expects: "a list of times such as ['30 8 * * 1-5', 'open-15m']" })
    .optional()
    .describe("Cron texts, @daily and kin, every 15m, or times of the session such as close+30m"),
  every: z
    .string()
    .min(1)
    .max(32)
    .meta({ expects: "whole minutes up to a week, such as 15m, 1h or 2d" })
    .optional()
    .describe("Elapsed time between slots"),
  between: z
    .strictObject({ from: moment, to: moment })
    .optional()
    .describe("Only from the one time to the other, both included"),
  days: z.enum(DAY_RULES).default("every-day").describe("Which days, by the calendar"),
  on_holiday: z.enum(HOLIDAY_RULES).optional().describe("What a holiday does to a slot"),
  phase: z.enum(PHASES).optional().describe("Only while the market is in this phase"),
  zone: zone.optional().describe("The job's own time zone; without it, the home's"),
  calendar: word.optional().describe("The job's own calendar; without it, the home's"),
};

const scheduled = {
  description: z.string().max(500).optional().describe("What it is for, for whoever reads"),
  enabled: z.boolean().default(true).describe("Whether its slots start"),
  ...whenItRuns,
  catch_up: catchUp.prefault({}).describe("What becomes of slots that could not start in time"),
  tags: z
    .array(word)
    .meta({ expects: "a list of words" })
    .default([])
    .describe("Words by which the kill switch and lists choose jobs"),
  group: word.optional().describe("Of all jobs of one group, one runs at a time"),
  after: z
    .array(jobName)
    .meta({ expects: "a list of job names" })
    .default([])
    .describe("Jobs whose slot of the same day must be done first"),
  gates: z
    .array(gate)
    .meta({ expects: "a list of gates" })
    .default([])
    .describe("Conditions before a run"),
  power: power.prefault({}).describe("Waking the machine and keeping it awake"),
};

const stageLimits = z.strictObject({
  attempts: z.int().min(1).max(10).optional().describe("How often the stage is tried"),
  deadline: duration.optional().describe("How long one attempt may take"),
});

const pipelineJob = z.strictObject({
  kind: z.literal("pipeline").describe("The six stages from export to evaluate"),
  ...scheduled,
  stale_after: duration.default("26h").describe("Without a success for so long, cbi status warns"),
  stages: z
    .partialRecord(z.enum(STAGE_NAMES), stageLimits)
    .meta({ expects: `a mapping of stages (${STAGE_NAMES.join(", ")}) to limits` })
    .default({})
    .describe("Limits of single stages, over ours"),
});

const variables = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
      .meta({ expects: "the name of an environment variable" }),
    z.string().max(32_768),
  )
  .meta({ expects: "a mapping of variables to texts" });

const process = {
  argv: z
    .array(z.string().max(4096))
    .min(1)
    .meta({ expects: "a list of program and arguments, such as [python, scripts/scan.py]" })
    .describe("Program and arguments, with {slot} and the like filled in; never a shell's line"),
  cwd: userPath.optional().describe("The working directory, relative to the home"),
  env: variables
    .default({})
    .describe("Environment variables, over the inherited ones and env_file"),
  env_defaults: variables
    .default({})
    .describe("Environment variables where nothing else sets them"),
  env_file: userPath
    .optional()
    .describe("A file of NAME=value lines, relative to the home; its values are secrets"),
  grace: duration.default("10s").describe("Time between TERM and KILL"),
};

const retry = z.strictObject({
  attempts: z.int().min(1).max(20).default(1).describe("How often a slot is tried in all"),
  delay: duration.default("30s").describe("Before the second attempt; doubled each time"),
  max_delay: duration.default("15m").describe("The longest delay"),
  budget: duration.optional().describe("No attempt begins so long after the first"),
});

const exitMeaning = z.enum(EXIT_MEANINGS);

const exitCodes = z
  .union([
    z.enum(EXIT_PRESETS),
    z.record(
      z
        .string()
        .regex(/^(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]|other)$/)
        .meta({ expects: "an exit code from 0 to 255, or other" }),
      exitMeaning,
    ),
  ])
  .meta({
    expects: `one of ${EXIT_PRESETS.join(", ")}, or a mapping such as { 0: done, 75: retry, other: fatal }`,
  });

const output = z.strictObject({
  path: templatePath.describe("The file, with {slot_date} and the like filled in"),
  as_of_column: columnName.optional().describe("The column of a CSV file whose newest date counts"),
  as_of_key: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe("The key of a JSON file, such as meta.date, that holds the date"),
  as_of: z.string().min(1).max(64).default("{as_of}").describe("The date that must be in the file"),
  min_bytes: z.int().min(0).default(1).describe("The file is at least so large"),
  min_rows: z.int().min(0).optional().describe("A CSV file has at least so many rows"),
});

const commandJob = z.strictObject({
  kind: z.literal("command").describe("A program of your own that ends"),
  ...scheduled,
  stale_after: duration.optional().describe("Without a success for so long, cbi status warns"),
  ...process,
  timeout: duration.default("1h").describe("How long one attempt may take"),
  silence: duration.optional().describe("How long it may print nothing"),
  retry: retry.prefault({}).describe("How it is tried again"),
  exit_codes: exitCodes.default("plain").describe("What its exit codes mean"),
  outputs: z
    .array(output)
    .meta({ expects: "a list of outputs, such as [{ path: 'out/{slot_date}.json' }]" })
    .default([])
    .describe("Files that a success has written"),
});

const restart = z.strictObject({
  max: z.int().min(0).max(100).default(5).describe("Restarts within the time below"),
  within: duration.default("10m").describe("The time in which restarts are counted"),
  delay: duration.default("5s").describe("Before a restart; doubled each time"),
  max_delay: duration.default("5m").describe("The longest delay"),
  never_on: z
    .array(z.int().min(0).max(255))
    .meta({ expects: "a list of exit codes" })
    .default([78])
    .describe("Exit codes after which it is not started again; 0 is then its good end"),
});

const heartbeat = z.strictObject({
  path: userPath.describe("A file that the service touches, relative to the home"),
  max_age: duration.default("2m").describe("Untouched for longer, it hangs"),
});

const serviceJob = z.strictObject({
  kind: z.literal("service").describe("A program of your own that keeps running"),
  ...scheduled,
  stale_after: duration.optional().describe("Without a success for so long, cbi status warns"),
  ...process,
  until: z
    .union([z.literal("never"), moment])
    .default("never")
    .describe("When it is stopped: a time of its day such as close+5m, or never"),
  restart: restart.prefault({}).describe("How it is kept alive"),
  heartbeat: heartbeat.optional().describe("The sign that it lives"),
  silence: duration.optional().describe("How long it may print nothing"),
  log_megabytes: z
    .int()
    .min(1)
    .max(1000)
    .default(32)
    .describe("Of one run's log the newest are kept"),
});

/** One job of `jobs`. */
export const job = z.discriminatedUnion("kind", [pipelineJob, commandJob, serviceJob]);

export type Job = z.infer<typeof job>;
export type JobKind = Job["kind"];
export type PipelineJob = z.infer<typeof pipelineJob>;
export type CommandJob = z.infer<typeof commandJob>;
export type ServiceJob = z.infer<typeof serviceJob>;
export type CatchUp = z.infer<typeof catchUp>;
export type ExitMeaning = (typeof EXIT_MEANINGS)[number];
export type DeclaredOutput = z.infer<typeof output>;
