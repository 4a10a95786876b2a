import { CALENDAR_DAYS_MIN } from "../../watchdog/judge-home.ts";
import { pass, skip, warn, type Check } from "./check.ts";

const DAY_MS = 86_400_000;

/** How far ahead the calendars of the jobs are announced. */
export const calendarsCheck: Check = {
  name: "calendars",
  run: ({ jobs, clock }) => {
    const names = jobs.names
      .map((name) => jobs.find(name)?.calendar)
      .filter((one) => one !== undefined);
    const calendars = [...new Map(names.map((one) => [one.name, one])).values()];
    if (calendars.length === 0) return Promise.resolve(skip("no job has a calendar"));
    const left = calendars.map(({ name, announcedThrough }) => ({
      name,
      announcedThrough,
      days: Math.floor((Date.parse(`${announcedThrough}T00:00:00Z`) - clock.now()) / DAY_MS),
    }));
    const short = left.find(({ days }) => days < CALENDAR_DAYS_MIN);
    if (short) {
      return Promise.resolve(
        warn(
          `what ${short.name} has announced ends on ${short.announcedThrough}`,
          "Update cbi, or add rows of your own: see docs/configuration.md",
        ),
      );
    }
    const seen = left.map(({ name, announcedThrough }) => `${name} through ${announcedThrough}`);
    return Promise.resolve(pass(`announced: ${seen.join(", ")}`));
  },
};
