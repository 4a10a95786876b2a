import type { PowerAssertion } from "../../../src/host/launchd/pmset/assertions-text.ts";
import {
  DAY_NAMES,
  EVERY_DAY,
  WEEKDAYS,
  WEEKEND,
  type PowerSchedule,
  type RepeatingEvent,
} from "../../../src/host/launchd/pmset/sched-text.ts";
import type { PowerMoment } from "../../../src/host/launchd/pmset/log-text.ts";

/** An event as powerd may have it, with what pmset prints besides. */
export type PrintedEvent = PowerSchedule["events"][number] & {
  leeway?: number;
  isVisible?: boolean;
};

/** `pmset -g sched` in the words of pmset.m: asymmetric names, `0:05AM`, `Some days`, or nothing at all. */
export function schedText({
  on,
  off,
  events,
}: PowerSchedule & { events: readonly PrintedEvent[] }): string {
  const lines: string[] = [];
  if (on || off) lines.push("Repeating power events:");
  for (const one of [on, off]) if (one) lines.push(repeatingLine(one));
  if (events.length > 0) lines.push("Scheduled power events:");
  for (const event of events) lines.push(eventLine(event));
  return lines.map((line) => `${line}\n`).join("");
}

function repeatingLine({ type, minuteOfDay, days }: RepeatingEvent): string {
  const hour = Math.floor(minuteOfDay / 60);
  const minute = `${minuteOfDay % 60}`.padStart(2, "0");
  const shown = hour > 12 ? hour - 12 : hour;
  return `  ${type} at ${shown}:${minute}${hour >= 12 ? "P" : "A"}M ${daysText(days)}`;
}

function daysText(days: number | undefined): string {
  if (days === EVERY_DAY) return "every day";
  if (days === WEEKDAYS) return "weekdays only";
  if (days === WEEKEND) return "weekends only";
  return DAY_NAMES.find((_name, index) => days === 1 << index) ?? "Some days";
}

function eventLine({ index, type, wall, owner, leeway, isVisible }: PrintedEvent): string {
  const [, year, month, day, time] = /^(\d+)-(\d\d)-(\d\d)T(.*)$/.exec(wall) ?? [];
  const name = type === "wakepoweron" ? "wakeorpoweron" : type;
  return [
    ` [${index}]  ${name} at ${month}/${day}/${year} ${time}`,
    owner ? ` by '${owner}'` : "",
    leeway ? ` leeway secs: ${leeway}` : "",
    isVisible ? " User visible: true" : "",
  ].join("");
}

/** A line of `pmset -g log`, in UTC. */
export function logLine({ atMs, kind, reason, source }: PowerMoment): string {
  const domain = { wake: "Wake", dark: "DarkWake", sleep: "Sleep", start: "Start" }[kind];
  const using =
    source === undefined ? "" : ` Using ${source === "ac" ? "AC" : "Batt"} (Charge:91%) `;
  const message = {
    wake: `Wake from Deep Idle [CDNVA] : due to rtc/SleepService${using}`,
    dark: `DarkWake from Deep Idle [CDN] : due to rtc/Maintenance${using}`,
    sleep: `Entering Sleep state due to '${reason ?? "Idle Sleep"}':TCPKeepAlive=active${using}`,
    start: "powerd process is started",
  }[kind];
  const stamp = new Date(atMs).toISOString().replace("T", " ").slice(0, 19);
  return `${stamp} +0000 ${domain.padEnd(20)}\t${message.padEnd(75)}\t`;
}

/** The list by process of `pmset -g assertions`. */
export function assertionsText(assertions: readonly PowerAssertion[]): string {
  const rows = assertions.map(({ pid, process, type, onBehalfOfPid }, index) =>
    [
      `   pid ${pid}(${process}): [0x${(0x48f2d + index).toString(16).padStart(16, "0")}] 00:00:01 ${type} named: "caffeinate command-line tool"  `,
      ...(onBehalfOfPid === undefined
        ? []
        : [
            `\tDetails: caffeinate asserting on behalf of '/usr/local/bin/node' (pid ${onBehalfOfPid})`,
          ]),
      "\tLocalized=THE CAFFEINATE TOOL IS PREVENTING SLEEP.",
    ].join("\n"),
  );
  return [
    "2026-08-28 06:16:10 +0800 ",
    "Assertion status system-wide:",
    "   BackgroundTask                 0",
    `   PreventUserIdleSystemSleep     ${assertions.length > 0 ? 1 : 0}`,
    "Listed by owning process:",
    ...(rows.length > 0 ? rows : ["   None"]),
    "No kernel assertions.",
    "",
  ].join("\n");
}
