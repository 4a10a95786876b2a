import { nearest } from "../config/nearest.ts";
import { parseCronField, type CronField, type FieldName } from "./cron-field.ts";
import { daysInMonth } from "./day.ts";
import { parsed, refused, type Parsed } from "./problem.ts";

/** A cron text, worked out. */
export interface Cron {
  /** As it was written. */
  text: string;
  /** Minutes of the day, in order: every hour with every minute. */
  minutesOfDay: readonly number[];
  /** By day of the month; index 0 is unused. */
  daysOfMonth: readonly boolean[];
  /** By month; index 0 is unused. */
  months: readonly boolean[];
  /** By weekday; 0 is Sunday. */
  weekdays: readonly boolean[];
  /**
   * `either` when neither day field begins with `*`: a day matches that either of them names.
   * `both` otherwise. As crontab(5) has it.
   */
  dayRule: "either" | "both";
}

const FIELDS: readonly FieldName[] = ["minute", "hour", "day of month", "month", "day of week"];

const NICKNAMES: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/**
 * Reads the five fields of crontab(5): lists, ranges, steps, names of months and weekdays, Sunday as
 * 0 or 7, and the nicknames such as `@daily`. `5/10` means from 5 to the field's end in steps of 10.
 */
export function parseCron(text: string): Parsed<Cron> {
  if (text.trimStart().startsWith("@")) return parseNickname(text);
  const words = [...text.matchAll(/\S+/g)];
  const fields: CronField[] = [];
  for (const [index, name] of FIELDS.entries()) {
    const word = words[index];
    if (!word) return missingField(text, name, words.length);
    const field = parseCronField(name, word[0], word.index + 1);
    if (!field.ok) return field;
    fields.push(field.value);
  }
  const extra = words[FIELDS.length];
  if (extra) {
    const expected =
      words.length === 6
        ? "five fields, minute to day of week (seconds and years are not known to cron)"
        : "five fields, minute to day of week";
    return refused({ position: extra.index + 1, found: text.slice(extra.index).trim(), expected });
  }
  return assemble(text, fields, words[2]?.index ?? 0);
}

/** Whether the cron text names the day, by the rule of crontab(5) for its two day fields. */
export function cronMatchesDay(
  cron: Cron,
  day: { month: number; dayOfMonth: number; weekday: number },
): boolean {
  if (cron.months[day.month] !== true) return false;
  const byDate = cron.daysOfMonth[day.dayOfMonth] === true;
  const byWeekday = cron.weekdays[day.weekday] === true;
  return cron.dayRule === "either" ? byDate || byWeekday : byDate && byWeekday;
}

function assemble(text: string, fields: readonly CronField[], dayIndex: number): Parsed<Cron> {
  const [minute, hour, dayOfMonth, month, weekday] = fields;
  if (!minute || !hour || !dayOfMonth || !month || !weekday) return missingField(text, "minute", 0);
  const cron: Cron = {
    text,
    minutesOfDay: hour.values.flatMap((h) => minute.values.map((m) => h * 60 + m)),
    daysOfMonth: flags(dayOfMonth.values, 32),
    months: flags(month.values, 13),
    weekdays: flags(weekday.values, 7),
    dayRule: dayOfMonth.startsWithStar || weekday.startsWithStar ? "both" : "either",
  };
  const first = dayOfMonth.values[0] ?? 1;
  const exists = month.values.some((value) => daysInMonth(2000, value) >= first);
  if (exists || cron.dayRule === "either") return parsed(cron);
  return refused({
    field: "day of month",
    position: dayIndex + 1,
    found: dayOfMonth.text,
    expected: "a day that one of the months has",
  });
}

function flags(values: readonly number[], length: number): boolean[] {
  const set = new Set(values);
  return Array.from({ length }, (_, index) => set.has(index));
}

function missingField(text: string, name: FieldName, count: number): Parsed<never> {
  const expected = `five fields (minute, hour, day of month, month, day of week), ${count} given`;
  return refused({ field: name, position: text.length + 1, found: "", expected });
}

function parseNickname(text: string): Parsed<Cron> {
  const word = text.trim();
  const position = text.indexOf("@") + 1;
  const known = NICKNAMES[word.toLowerCase()];
  if (known !== undefined) {
    const cron = parseCron(known);
    return cron.ok ? parsed({ ...cron.value, text }) : cron;
  }
  if (word.toLowerCase() === "@reboot") {
    const expected = "a schedule that names times; start-up is the host's affair";
    return refused({ position, found: word, expected });
  }
  const names = Object.keys(NICKNAMES);
  const guess = nearest(word.toLowerCase(), names);
  const facts = { position, found: word, expected: `one of ${names.join(", ")}` };
  return refused(guess === undefined ? facts : { ...facts, nearest: guess });
}
