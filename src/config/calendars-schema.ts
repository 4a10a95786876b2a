import { z } from "zod";
import { timeOfDay, userPath, word, zone } from "./values-schema.ts";

const calendarOfTheUser = z.strictObject({
  file: userPath
    .optional()
    .describe("A CSV file of days, date,kind,close,name, relative to the home"),
  zone: zone.optional().describe("The exchange's zone; of a calendar of your own only"),
  open: timeOfDay.optional().describe("The regular opening; of a calendar of your own only"),
  close: timeOfDay.optional().describe("The regular close; of a calendar of your own only"),
});

/** Calendars by name: a built-in one's name with a file of days over it, or a new name. */
export const calendars = z
  .record(word, calendarOfTheUser)
  .meta({ expects: "a mapping of calendar names to files, such as { XNYS: { file: days.csv } }" });

export type UserCalendar = z.infer<typeof calendarOfTheUser>;
