// The time a slot takes in a zone-and-calendar schedule, beside croner without a calendar, in one run.
import { Cron } from "croner";
import { calendarNamed } from "../../src/schedule/calendar/named.ts";
import { parseSchedule, type ScheduleText } from "../../src/schedule/schedule.ts";
import { nextSlots } from "../../src/schedule/slots.ts";

const SLOTS = 10_000;
const ROUNDS = 5;
const FROM_MS = Date.UTC(2026, 0, 1);
const ZONE = "America/New_York";

interface Measured {
  what: string;
  /** Microseconds a slot of the first round, in which zones and calendars are worked out. */
  first: number;
  /** Of the best round: other work on the machine only ever adds. */
  best: number;
}

const calendar = calendarNamed("XNYS");
const rows = [
  ours("cbi     30 16 * * 1-5, XNYS sessions", {
    schedule: ["30 16 * * 1-5"],
    days: "session",
    calendar,
  }),
  ours("cbi     30 16 * * 1-5, no calendar", { schedule: ["30 16 * * 1-5"] }),
  ours("cbi     close+30m of XNYS", { schedule: ["close+30m"], calendar }),
  ours("cbi     */5 * * * * in the open market", {
    schedule: ["*/5 * * * *"],
    phase: "open",
    calendar,
  }),
];
const croner = measured("croner  30 16 * * 1-5, no calendar", () => {
  return new Cron("30 16 * * 1-5", { timezone: ZONE }).nextRuns(SLOTS, new Date(FROM_MS)).length;
});

console.log(`The next ${SLOTS} slots in ${ZONE}, microseconds a slot, ${ROUNDS} rounds`);
console.log(`${"".padEnd(40)}${"first".padStart(8)}${"best".padStart(8)}${"ratio".padStart(8)}`);
for (const { what, first, best } of [croner, ...rows]) {
  const numbers = [first.toFixed(2), best.toFixed(2), (croner.best / best).toFixed(1)];
  console.log(what.padEnd(40) + numbers.map((number) => number.padStart(8)).join(""));
}
console.log("ratio: croner's best over this best; the goal is 5 for sessions of XNYS");

function ours(what: string, text: Omit<ScheduleText, "zone">): Measured {
  const result = parseSchedule({ ...text, zone: ZONE });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join());
  return measured(what, () => nextSlots(result.schedule, FROM_MS, SLOTS).length);
}

function measured(what: string, work: () => number): Measured {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    if (work() !== SLOTS) throw new Error(`${what} gave too few slots`);
    return ((performance.now() - start) * 1000) / SLOTS;
  });
  return { what, first: rounds[0] ?? Number.NaN, best: Math.min(...rounds) };
}
