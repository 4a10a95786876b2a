import { z } from "zod";
import { isDay } from "../schedule/day.ts";
import { DURATION, parseDurationMs } from "./duration.ts";
import { isZone } from "./zone.ts";

// `.meta({ expects })` is what an error says after "expected"; `.describe` is what editors show.

/** A name that may become part of a path, a table name or a command line. */
export const identifier = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,31}$/)
  .meta({ expects: "a letter, then letters, digits or _, at most 32 in all" });

/** A name that a person gives a tag, a group or a calendar. */
export const word = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,31}$/)
  .meta({ expects: "a letter, then letters, digits, _ or -, at most 32 in all" });

export const jobName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/)
  .meta({ expects: "a lower-case letter, then lower-case letters, digits or -" });

export const duration = z
  .string()
  .refine((text) => parseDurationMs(text) !== undefined)
  .meta({ expects: "a duration such as 90s, 15m, 26h or 7d", pattern: DURATION.source });

export const isoDate = z
  .string()
  .refine(isDay)
  .meta({ expects: "a date such as 2025-12-31", pattern: String.raw`^\d{4}-\d{2}-\d{2}$` });

export const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
  .meta({ expects: "a time such as 09:30" });

export const zone = z
  .string()
  .refine(isZone)
  .meta({ expects: "an IANA time zone such as America/New_York", suggests: "zone" });

/** A path of the user's; relative to what, its key says. */
export const userPath = z
  .string()
  .min(1)
  .max(1024)
  .refine((text) => !text.includes("\0"))
  .meta({ expects: "a path such as raw/prices.csv" });

/** A path in which `{slot_date}` and the like are filled in. */
export const templatePath = userPath.meta({ expects: "a path such as out/{slot_date}.json" });

export const columnName = z.string().min(1).max(128).meta({ expects: "the name of a column" });
