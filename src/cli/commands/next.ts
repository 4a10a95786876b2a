import { horizonRemark } from "../../schedule/calendar/horizon.ts";
import { CALENDAR_NAMES, calendarNamed } from "../../schedule/calendar/named.ts";
import type { TradingCalendar } from "../../schedule/calendar/calendar.ts";
import { parseCron } from "../../schedule/cron.ts";
import { parseInstant } from "../../schedule/instant.ts";
import { pointAt, type ScheduleProblem } from "../../schedule/problem.ts";
import { parseZone, type Schedule } from "../../schedule/schedule.ts";
import { nextSlots, type Slot } from "../../schedule/slots.ts";
import { localText, utcText } from "../../schedule/wall.ts";
import type { ClockChange, Zone } from "../../schedule/zone.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { parseCalendarName } from "../calendar-name.ts";
import {
  homeOption,
  jsonOption,
  type Command,
  type CommandContext,
  type CommandInput,
} from "../command.ts";

const COUNT_DEFAULT = 10;
const COUNT_MAX = 100_000;

/** One element of what `cbi next --json` prints; other programs read it. */
export interface NextSlot {
  /** The name: the wall clock of the zone, or for an interval UTC. */
  slot: string;
  /** The instant from which it may start, in UTC. */
  due: string;
  /** The same instant on the zone's clock. */
  local: string;
  /** What the clocks did at that time; null on a usual day. */
  note: ClockChange | null;
}

export const command: Command = {
  words: ["next"],
  summary: "Show when jobs are due next, or a schedule of your own",
  description:
    "Without --cron, the jobs of the home: each slot on the job's own clock and on this machine's. With\n" +
    "--cron and --zone any schedule, and no home is needed. A time that the clocks jump over is due at the end of the gap; a time that they show twice is\n" +
    "due at its first pass; each is one slot, named by the zone's wall clock. With a calendar, the day\n" +
    "in the name must be a session.",
  options: [
    { flags: "--job <job>", summary: "only this job of the home" },
    {
      flags: "--days <count>",
      summary: "how many days of the jobs (default: 7)",
      parse: parseDays,
    },
    { flags: "--explain", summary: "also what does not run and why, and what the clocks do" },
    {
      flags: "--cron <text>",
      summary: "five fields, as in '30 2 * * 1-5', or @daily and the like",
    },
    { flags: "--zone <zone>", summary: "the IANA zone of the schedule, as in America/New_York" },
    {
      flags: "--calendar <name>",
      summary: `only on this exchange's sessions: ${CALENDAR_NAMES.join(", ")}`,
      parse: parseCalendarName,
    },
    {
      flags: "--from <time>",
      summary: "slots due after this instant, or from this day on (default: now)",
    },
    {
      flags: "--count <count>",
      summary: `how many (default: ${COUNT_DEFAULT})`,
      parse: parseCount,
    },
    jsonOption,
    homeOption,
  ],
  examples: [
    { line: "cbi next", says: "the week of all jobs" },
    { line: "cbi next --job nightly --days 30 --explain", says: "a month, with what is left out" },
    {
      line: "cbi next --cron '30 2 * * *' --zone America/New_York --from 2026-03-07",
      says: "what becomes of half past two when summer time begins",
    },
    {
      line: "cbi next --cron '30 16 * * *' --zone America/New_York --calendar XNYS --json",
      says: "only on days on which New York trades, for a program",
    },
  ],
  exits: [
    { code: ExitCode.done, when: "the slots were shown" },
    { code: ExitCode.configInvalid, when: "the home's cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    if (isOfJobs(input)) {
      const { showNextOfJobs } = await import("../next-jobs.ts");
      return showNextOfJobs(context, input);
    }
    const schedule = readSchedule(input);
    const slots = nextSlots(schedule, readFrom(context, input, schedule.zone), readCount(input));
    remarkHorizon(context, schedule.calendar, slots);
    const shown = slots.map((slot) => shownSlot(slot, schedule.zone));
    const isJson = input.options["json"] === true;
    context.write(isJson ? `${JSON.stringify(shown)}\n` : table(shown));
    return ExitCode.done;
  },
};

/** Without any word of a schedule of one's own, the home's jobs are meant. */
function isOfJobs({ options }: CommandInput): boolean {
  const own = ["cron", "zone", "calendar", "from"].find((name) => options[name] !== undefined);
  const ofJobs = ["job", "days", "explain"].find((name) => options[name] !== undefined);
  if (own === undefined) return true;
  if (ofJobs === undefined) return false;
  throw usage(`--${ofJobs} is for the jobs of a home, and --${own} for a schedule without one`);
}

function readSchedule(input: CommandInput): Schedule {
  const cronText = readText(input, "cron", "--cron '30 2 * * *'");
  const zoneText = readText(input, "zone", "--zone America/New_York");
  const cron = parseCron(cronText);
  if (!cron.ok) throw usage(`--cron: ${cron.problem.message}`, cronText, cron.problem);
  const zone = parseZone(zoneText);
  if (!zone.ok) throw usage(`--zone: ${zone.problem.message}`);
  const times = [{ kind: "cron", cron: cron.value }] as const;
  const name = input.options["calendar"];
  if (typeof name !== "string") return { times, zone: zone.value, days: "every-day" };
  const calendar = calendarNamed(parseCalendarName(name));
  return { times, zone: zone.value, days: "session", calendar };
}

function readText(input: CommandInput, name: string, example: string): string {
  const value = input.options[name];
  if (typeof value === "string") return value;
  throw usage(`--${name} is needed, as in: ${example}`);
}

function readFrom(context: CommandContext, input: CommandInput, zone: Zone): number {
  const { from } = input.options;
  if (typeof from !== "string") return context.clock.now();
  const instant = parseInstant(from, zone);
  if (!instant) {
    throw usage(
      `--from takes 2026-03-08, 2026-03-08T02:30 on the zone's clock or 2026-03-08T07:00:00Z; '${from}' came`,
    );
  }
  // A day is meant with its midnight; an instant is where the last look ended.
  return instant.isDay ? instant.atMs - 1 : instant.atMs;
}

function readCount(input: CommandInput): number {
  const { count } = input.options;
  return typeof count === "number" ? count : COUNT_DEFAULT;
}

function remarkHorizon(
  context: CommandContext,
  calendar: TradingCalendar | undefined,
  slots: readonly Slot[],
): void {
  const [first, last] = [slots[0], slots.at(-1)];
  if (!calendar || !first || !last) return;
  const remark = horizonRemark(calendar, first.day, last.day);
  if (remark !== undefined) context.remark(remark);
}

function shownSlot(slot: Slot, zone: Zone): NextSlot {
  const { name, dueMs, change } = slot;
  return {
    slot: name,
    due: utcText(dueMs),
    local: localText(dueMs, zone.offsetMsAt(dueMs)),
    note: change ?? null,
  };
}

function table(slots: readonly NextSlot[]): string {
  if (slots.length === 0) return "No slot within forty years.\n";
  const rows = slots.map(({ slot, due, local, note }) =>
    `${slot}  ${local}  ${due}  ${note ?? ""}`.trimEnd(),
  );
  const header = "slot              due there                  due in UTC";
  return `${[header, ...rows].join("\n")}\n`;
}

function parseDays(text: string): number {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (days >= 1) return days;
  throw usage(`--days takes a number from 1 to 9999; '${text}' came`);
}

function parseCount(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= COUNT_MAX) return count;
  throw usage(`--count takes a number from 1 to ${COUNT_MAX}; '${text}' came`);
}

function usage(message: string, text?: string, problem?: ScheduleProblem): Failure {
  const pointer = text !== undefined && problem ? pointAt(text, problem) : undefined;
  return new Failure({
    code: "CBI_USAGE",
    message,
    remedy: pointer?.replaceAll("\n", "\n     ") ?? "See: cbi next --help",
    exit: ExitCode.usage,
  });
}
