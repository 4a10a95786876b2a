/**
 * What the schedules of the examples mean, written down a second time: typed from the documents and the
 * exchange's announcement, without any of the product's own arithmetic of days, zones or calendars.
 */

/** The 400 days from here on. */
export const FIRST_DAY = "2026-01-01";
export const LAST_DAY = "2027-02-04";

/** NYSE, "Holidays & Trading Hours" for 2026 and 2027, with Good Friday on April 3. */
const CLOSED = new Set([
  "2026-01-01",
  "2026-01-19",
  "2026-02-16",
  "2026-04-03",
  "2026-05-25",
  "2026-06-19",
  "2026-07-03",
  "2026-09-07",
  "2026-11-26",
  "2026-12-25",
  "2027-01-01",
  "2027-01-18",
]);
/** Sessions that end at 13:00. */
const EARLY = new Set(["2026-11-27", "2026-12-24"]);

/** One day as the rules see it. */
export interface RuleDay {
  day: string;
  /** Monday is 1, Sunday is 7. */
  weekday: number;
  dayOfMonth: number;
  isHoliday: boolean;
  isSession: boolean;
  /** `16:00` or `13:00`. */
  close: string;
}

/** The wall-clock times in New York at which a job is due on a day; undefined for a job that people start. */
export type Rule = ((day: RuleDay) => readonly string[]) | undefined;

/** `name due` of every slot within the 400 days: `2026-03-08T02:05 2026-03-08T07:00:00Z`. */
export function expectedSlots(rule: Rule): string[] {
  if (!rule) return [];
  return ruleDays().flatMap((day) =>
    rule(day).map((time) => `${day.day}T${time} ${dueInNewYork(day.day, time)}`),
  );
}

/** On sessions at these times. */
export function sessions(...times: string[]): Rule {
  return ({ isSession }) => (isSession ? times : []);
}

/** From the one time to the other in steps of minutes, both included. */
export function steps(from: string, to: string, minutes: number): string[] {
  const times = [];
  for (let at = minutesOf(from); at <= minutesOf(to); at += minutes) times.push(timeText(at));
  return times;
}

function ruleDays(): RuleDay[] {
  const days: RuleDay[] = [];
  // In UTC every day has 24 hours, so that stepping through midnights counts days.
  for (let at = Date.parse(FIRST_DAY); at <= Date.parse(LAST_DAY); at += 24 * 3_600_000) {
    const date = new Date(at);
    const day = date.toISOString().slice(0, 10);
    const weekday = date.getUTCDay() === 0 ? 7 : date.getUTCDay();
    const isHoliday = CLOSED.has(day);
    days.push({
      day,
      weekday,
      dayOfMonth: date.getUTCDate(),
      isHoliday,
      isSession: weekday <= 5 && !isHoliday,
      close: EARLY.has(day) ? "13:00" : "16:00",
    });
  }
  return days;
}

/** New York is four hours behind UTC from 2026-03-08 02:00 to 2026-11-01 02:00, else five. */
function dueInNewYork(day: string, time: string): string {
  const wall = `${day}T${time}`;
  // The hour that the clocks jump over ends at 03:00 EDT.
  if (wall >= "2026-03-08T02:00" && wall < "2026-03-08T03:00") return "2026-03-08T07:00:00Z";
  const isSummer = wall >= "2026-03-08T03:00" && wall < "2026-11-01T02:00";
  const dueMs = Date.parse(`${wall}:00Z`) + (isSummer ? 4 : 5) * 3_600_000;
  return new Date(dueMs).toISOString().replace(".000Z", "Z");
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

function timeText(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
