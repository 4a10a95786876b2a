import { parseCron } from "../../schedule/cron.ts";
import type { PythonValue } from "./python-calls.ts";

/** Five fields of cron with what is otherwise about them, or why there are none. */
export type CronReading = { cron: string; notes: readonly string[] } | { problem: string };

/** In APScheduler's own order, from which what is left out is worked out. */
export const CRON_KEYWORDS = [
  "year",
  "month",
  "day",
  "week",
  "day_of_week",
  "hour",
  "minute",
  "second",
] as const;

type FieldName = (typeof CRON_KEYWORDS)[number];

const DEFAULTS: Readonly<Record<FieldName, string>> = {
  year: "*",
  month: "1",
  day: "1",
  week: "*",
  day_of_week: "*",
  hour: "0",
  minute: "0",
  second: "0",
};
const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/**
 * The keywords of a cron trigger of APScheduler 3 (apscheduler.triggers.cron) as five fields of cron. Fields
 * left out are `*` while a later one is named, and their least value after; a week begins with Monday, 0;
 * and a day must fit both of its fields, where cron takes either.
 */
export function apschedulerCron(keywords: Readonly<Record<string, PythonValue>>): CronReading {
  const last = CRON_KEYWORDS.findLastIndex((name) => name in keywords);
  const fields: Partial<Record<FieldName, string>> = {};
  for (const [index, name] of CRON_KEYWORDS.entries()) {
    const given = keywords[name];
    if (given === undefined) {
      fields[name] = index < last ? "*" : DEFAULTS[name];
      continue;
    }
    if (given.kind !== "text" && given.kind !== "number") {
      return { problem: `${name} is not written out as a number or a text` };
    }
    fields[name] = String(given.kind === "text" ? given.text : given.number).toLowerCase();
  }
  return assemble(fields);
}

/** `CronTrigger.from_crontab('0 8 * * 1-5')`, whose weekdays APScheduler 3 counts from Monday too. */
export function crontabFields(text: PythonValue | undefined): CronReading {
  if (text?.kind !== "text") return { problem: "its crontab text is not written out" };
  const [minute, hour, day, month, weekday, surplus] = text.text.trim().split(/\s+/);
  if (weekday === undefined || surplus !== undefined) {
    return { problem: `'${text.text}' has not five fields` };
  }
  const read = assemble({ minute, hour, day, month, day_of_week: weekday.toLowerCase() });
  if ("problem" in read || !/\d/.test(weekday)) return read;
  const note = `from_crontab('${text.text}') counts weekdays from Monday, 0, unlike cron: taken as APScheduler runs it`;
  return { ...read, notes: [...read.notes, note] };
}

function assemble(fields: Partial<Record<FieldName, string | undefined>>): CronReading {
  const { year = "*", week = "*", second = "0", month = "*", day = "*" } = fields;
  const { hour = "*", minute = "*" } = fields;
  if (year !== "*") return { problem: "it names a year, and a schedule here has none" };
  if (week !== "*") return { problem: "it names weeks of the year, which cron does not know" };
  if (!/^\d+$/.test(second)) {
    return { problem: "it repeats within a minute, and slots are whole minutes" };
  }
  const weekday = weekdayField(fields.day_of_week ?? "*");
  if (weekday === undefined) return { problem: `'${fields.day_of_week}' is no day of the week` };
  if (weekday !== "*" && day !== "*") {
    return { problem: "it asks for date and weekday both, and cron takes either" };
  }
  const cron = `${minute} ${hour} ${day} ${month} ${weekday}`;
  const read = parseCron(cron);
  if (!read.ok) return { problem: read.problem.message };
  const notes = Number(second) === 0 ? [] : ["the seconds are left out: slots are whole minutes"];
  return { cron, notes };
}

/** Numbers count from Monday here and from Sunday in cron: names are the same in both. */
function weekdayField(text: string): string | undefined {
  if (text === "*") return "*";
  const found = new Set<number>();
  for (const item of text.split(",")) {
    const match = /^(\*|\w{1,3})(?:-(\w{1,3}))?(?:\/(\d))?$/.exec(item.trim());
    if (!match) return undefined;
    const [, first = "", end, step = "1"] = match;
    const from = first === "*" ? 0 : weekdayOf(first);
    const to = first === "*" ? 6 : end === undefined ? from : weekdayOf(end);
    if (from < 0 || to < from || Number(step) < 1) return undefined;
    for (let at = from; at <= to; at += Number(step)) found.add(at);
  }
  if (found.size === 7) return "*";
  const days = [...found].sort((left, right) => left - right);
  const isRun = days.length > 2 && days.every((day, index) => day === (days[0] ?? 0) + index);
  const name = (day: number | undefined): string => WEEKDAYS[day ?? 0] ?? "";
  return isRun ? `${name(days[0])}-${name(days.at(-1))}` : days.map(name).join(",");
}

function weekdayOf(text: string): number {
  return /^[0-6]$/.test(text) ? Number(text) : WEEKDAYS.indexOf(text);
}
