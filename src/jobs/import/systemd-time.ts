import { parseCron } from "../../schedule/cron.ts";
import { zoneNamed } from "../../schedule/zone.ts";

/** One OnCalendar= as a cron text, or why there is none. */
export type CalendarReading =
  | { cron: string; zone: string | undefined; isRounded: boolean }
  | { problem: string };

/** systemd.time(7): the shorthands, which differ from cron's in the day that a week begins with. */
const SHORTHANDS: Readonly<Record<string, string>> = {
  minutely: "*-*-* *:*:00",
  hourly: "*-*-* *:00:00",
  daily: "*-*-* 00:00:00",
  weekly: "Mon *-*-* 00:00:00",
  monthly: "*-*-01 00:00:00",
  quarterly: "*-01,04,07,10-01 00:00:00",
  semiannually: "*-01,07-01 00:00:00",
  yearly: "*-01-01 00:00:00",
  annually: "*-01-01 00:00:00",
};
const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/**
 * Reads a calendar event of systemd.time(7), such as `Mon..Fri 08:30 America/New_York`, as five fields of cron
 * and a zone. systemd asks for weekday and date both, where cron takes either: what names both is refused.
 */
export function readCalendar(text: string): CalendarReading {
  const words = text.trim().split(/\s+/);
  const zone = words.length > 1 && isZoneWord(words.at(-1) ?? "") ? words.pop() : undefined;
  const spelled = words.length === 1 ? SHORTHANDS[(words[0] ?? "").toLowerCase()] : undefined;
  const parts = spelled === undefined ? words : spelled.split(" ");
  let [weekday, date, time] = ["*", "*-*-*", "00:00:00"];
  for (const [index, part] of parts.entries()) {
    if (index === 0 && /^[A-Za-z]/.test(part)) weekday = part;
    else if (part.includes(":")) time = part;
    else if (/^[\d*]/.test(part) && part.includes("-")) date = part;
    else return { problem: `'${part}' of '${text}' is neither weekday, date, time nor zone` };
  }
  const days = weekdayField(weekday);
  const dayParts = dateFields(date);
  const clock = timeFields(time);
  if ("problem" in days) return days;
  if ("problem" in dayParts) return dayParts;
  if ("problem" in clock) return clock;
  if (days.field !== "*" && dayParts.day !== "*") {
    return { problem: `'${text}' asks for weekday and date both, and cron takes either` };
  }
  const cron = `${clock.minute} ${clock.hour} ${dayParts.day} ${dayParts.month} ${days.field}`;
  const read = parseCron(cron);
  if (!read.ok) return { problem: `'${text}': ${read.problem.message}` };
  return { cron, zone, isRounded: clock.isRounded };
}

const UNITS: Readonly<Record<string, number>> = {
  us: 1e-6,
  usec: 1e-6,
  ms: 1e-3,
  msec: 1e-3,
  "": 1,
  s: 1,
  sec: 1,
  second: 1,
  seconds: 1,
  m: 60,
  min: 60,
  minute: 60,
  minutes: 60,
  h: 3600,
  hr: 3600,
  hour: 3600,
  hours: 3600,
  d: 86_400,
  day: 86_400,
  days: 86_400,
  w: 604_800,
  week: 604_800,
  weeks: 604_800,
};

/** A time span such as `1h 30min` in seconds; undefined for `infinity` and what is none. */
export function spanSeconds(text: string): number | undefined {
  let seconds = 0;
  let rest = text.trim().toLowerCase();
  if (rest === "") return undefined;
  while (rest !== "") {
    const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)\s*/.exec(rest);
    const size = UNITS[match?.[2] ?? ""];
    if (!match || size === undefined) return undefined;
    seconds += Number(match[1]) * size;
    rest = rest.slice(match[0].length);
  }
  return seconds;
}

function isZoneWord(word: string): boolean {
  return /^[A-Za-z]/.test(word) && !/\.\.|,|:/.test(word) && zoneNamed(word) !== undefined;
}

/** `Mon..Fri`, `Sat,Sun`, the older `Mon-Fri`, full names too. */
function weekdayField(text: string): { field: string } | { problem: string } {
  if (text === "*") return { field: "*" };
  const names = new Set<string>();
  for (const item of text.toLowerCase().split(",")) {
    if (item === "") continue;
    const [first = "", last = first] = item.split(/\.\.|-/);
    const [from, to] = [first, last].map((name) =>
      WEEKDAYS.findIndex((known) => name.startsWith(known)),
    );
    if (from === undefined || to === undefined || from < 0 || to < 0) {
      return { problem: `'${item}' is no weekday` };
    }
    for (let at = from; ; at = (at + 1) % 7) {
      names.add(WEEKDAYS[at] ?? "");
      if (at === to) break;
    }
  }
  const field = WEEKDAYS.filter((name) => names.has(name)).join(",");
  return { field: names.size === 7 ? "*" : field.replace("mon,tue,wed,thu,fri", "mon-fri") };
}

function dateFields(text: string): { day: string; month: string } | { problem: string } {
  if (text.includes("~")) return { problem: `'${text}' counts days from the month's end` };
  const parts = text.split("-");
  const [year, month, day] = parts.length === 2 ? ["*", ...parts] : parts;
  if (month === undefined || day === undefined || parts.length > 3) {
    return { problem: `'${text}' is no date` };
  }
  if (year !== "*") return { problem: `'${text}' names a year, and a schedule here has none` };
  const [monthField, dayField] = [cronField(month, 12), cronField(day, 31)];
  if (monthField === undefined || dayField === undefined)
    return { problem: `'${text}' is no date` };
  return { day: dayField, month: monthField };
}

function timeFields(
  text: string,
): { hour: string; minute: string; isRounded: boolean } | { problem: string } {
  const [hour = "", minute = "", second = "00", surplus] = text.split(":");
  const [hourField, minuteField] = [cronField(hour, 23), cronField(minute, 59)];
  if (hourField === undefined || minuteField === undefined || surplus !== undefined) {
    return { problem: `'${text}' is no time` };
  }
  if (!/^\d{1,2}(?:\.\d+)?$/.test(second)) {
    return { problem: `'${text}' repeats within a minute, and slots are whole minutes` };
  }
  return { hour: hourField, minute: minuteField, isRounded: Number(second) !== 0 };
}

/** One component with `..` ranges, lists and `/` steps as a field of cron. */
function cronField(text: string, max: number): string | undefined {
  const items = text.split(",").map((item) => {
    const match = /^(\*|\d{1,2})(?:\.\.(\d{1,2}))?(?:\/(\d{1,2}))?$/.exec(item);
    if (!match) return undefined;
    const [, first = "", last, step] = match;
    const from = first === "*" ? "*" : String(Number(first));
    if (last !== undefined) return `${from}-${Number(last)}${step ? `/${Number(step)}` : ""}`;
    if (step === undefined) return from;
    // `0/15` begins at its first value, also in cron, but for `*`, which is the field's own first.
    return from === "*" ? `*/${Number(step)}` : `${from}-${max}/${Number(step)}`;
  });
  return items.includes(undefined) ? undefined : items.join(",");
}
