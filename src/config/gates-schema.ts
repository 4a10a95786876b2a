import { z } from "zod";
import { columnName, duration, jobName, templatePath, userPath } from "./values-schema.ts";

const common = {
  wait: duration
    .default("0s")
    .describe("How long a hold is asked again, every minute, before the slot is skipped"),
  on_error: z
    .enum(["hold", "pass"])
    .default("hold")
    .describe("What an error of the gate means: hold, or in writing pass"),
};

// `by` names the key that tells one gate from another.

const outputGate = z
  .strictObject({
    output: jobName.describe(
      "A job whose slot of the same day is done, its outputs still in order",
    ),
    ...common,
  })
  .meta({ by: "output" });

const freshGate = z
  .strictObject({
    fresh: templatePath.describe("A file, relative to the home, that must be of the slot's day"),
    as_of_column: columnName
      .optional()
      .describe("The column of a CSV file whose newest date counts, not the file's time"),
    as_of_key: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe("The key of a JSON file that holds the date, not the file's time"),
    as_of: z
      .string()
      .min(1)
      .max(64)
      .default("{slot_date}")
      .describe("The date that must be in the file"),
    max_age: duration
      .optional()
      .describe("Instead of a date: how long ago the file may have been written"),
    ...common,
  })
  .meta({ by: "fresh" });

const diskGate = z
  .strictObject({
    disk: z
      .string()
      .regex(/^\d{1,6}(MB|GB|TB)$/)
      .meta({ expects: "a size such as 500MB or 20GB" })
      .describe("Free space that there must be"),
    path: userPath.optional().describe("On which disk; without it, the home's"),
    ...common,
  })
  .meta({ by: "disk" });

const powerGate = z
  .strictObject({
    ac_power: z.literal(true).describe("The machine runs on mains power"),
    ...common,
  })
  .meta({ by: "ac_power" });

const confirmGate = z
  .strictObject({
    confirm: z
      .strictObject({
        variable: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
          .meta({ expects: "the name of an environment variable" })
          .describe("The job's environment variable that holds the token"),
        file: userPath.describe("A file of mode 0600, relative to the home, that holds the same"),
      })
      .describe("A token that a person set on purpose, as for live trading"),
    ...common,
  })
  .meta({ by: "confirm" });

const commandGate = z
  .strictObject({
    command: z
      .array(z.string().max(4096))
      .min(1)
      .meta({ expects: "a list of program and arguments" })
      .describe("Exit code 0 is pass, 75 and 77 hold, any other an error"),
    timeout: duration.default("1m").describe("How long it may take"),
    ...common,
  })
  .meta({ by: "command" });

/** A condition before a run, told by its one key. */
export const gate = z
  .union([outputGate, freshGate, diskGate, powerGate, confirmGate, commandGate])
  .meta({ expects: "a mapping with one of output, fresh, disk, ac_power, confirm, command" });

export type Gate = z.infer<typeof gate>;
