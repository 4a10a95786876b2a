import { parseSchedule, type ScheduleText } from "../schedule/schedule.ts";
import { parseMoment } from "../schedule/timing.ts";
import { calendarNames, calendarWithoutDays, isBuiltIn } from "./calendars.ts";
import type { UserCalendar } from "./calendars-schema.ts";
import type { Finding } from "./issue-sentences.ts";
import type { Job } from "./jobs-schema.ts";
import type { KeyPath } from "./key-path.ts";
import { nearest } from "./nearest.ts";
import { scheduleTextOf } from "./schedule-text.ts";
import type { Config } from "./schema.ts";

/** That every job's schedule can be read, its calendar is there, and the jobs it names exist. */
export function checkJobs(config: Partial<Config>): Finding[] {
  const findings = Object.entries(config.calendars ?? {}).flatMap(([name, calendar]) =>
    calendarFindings(name, calendar),
  );
  if (config.calendar !== undefined && config.calendars !== undefined) {
    findings.push(
      ...nameFindings(config.calendar, ["calendar"], "calendar", calendarNames(config)),
    );
  }
  const { jobs } = config;
  if (!jobs) return findings;
  const names = Object.keys(jobs);
  for (const [name, job] of Object.entries(jobs)) {
    const at = ["jobs", name];
    findings.push(...scheduleFindings(job, at, config), ...untilFindings(job, at));
    for (const [index, other] of job.after.entries()) {
      findings.push(...jobFindings(other, [...at, "after", index], name, names));
    }
    for (const [index, gate] of job.gates.entries()) {
      if (!("output" in gate)) continue;
      findings.push(...jobFindings(gate.output, [...at, "gates", index, "output"], name, names));
    }
    findings.push(...loopFindings(name, jobs));
  }
  return findings;
}

function scheduleFindings(job: Job, at: KeyPath, config: Partial<Config>): Finding[] {
  if (config.zone === undefined || config.calendar === undefined || !config.calendars) return [];
  const name = job.calendar ?? config.calendar;
  const known = nameFindings(name, [...at, "calendar"], "calendar", calendarNames(config));
  if (job.calendar !== undefined && known.length > 0) return known;
  if (job.schedule === undefined && job.every === undefined) return orphanFindings(job, at);
  const calendar = calendarWithoutDays(
    { calendar: config.calendar, calendars: config.calendars },
    name,
  );
  const text: ScheduleText = { ...scheduleTextOf(job, config.zone), ...(calendar && { calendar }) };
  const parsed = parseSchedule(text);
  if (parsed.ok) return [];
  return parsed.problems.map(({ key, message }) => ({
    path: [...at, ...pathOf(key)],
    at: "value",
    message,
  }));
}

function untilFindings(job: Job, at: KeyPath): Finding[] {
  if (job.kind !== "service" || job.until === "never") return [];
  const parsed = parseMoment(job.until);
  if (parsed.ok) return [];
  return [{ path: [...at, "until"], at: "value", message: parsed.problem.message }];
}

/** Keys that shape a schedule which is not there would be wishes without effect. */
function orphanFindings(job: Job, at: KeyPath): Finding[] {
  const keys = ["between", "on_holiday", "phase"] as const;
  return keys
    .filter((key) => job[key] !== undefined)
    .map((key) => ({
      path: [...at, key],
      at: "key",
      message: `expected schedule or every beside ${key}, got neither`,
    }));
}

/** `schedule[0]` and `between.from` as steps. */
function pathOf(key: string): (string | number)[] {
  return key.split(/[.[\]]+/).flatMap((step) => {
    if (step === "") return [];
    return [/^\d+$/.test(step) ? Number(step) : step];
  });
}

function jobFindings(
  other: string,
  path: KeyPath,
  own: string,
  names: readonly string[],
): Finding[] {
  if (other !== own) return nameFindings(other, path, "job", names);
  return [{ path, at: "value", message: `expected another job, got ${own} itself` }];
}

function nameFindings(
  name: string,
  path: KeyPath,
  what: string,
  names: readonly string[],
): Finding[] {
  if (names.includes(name)) return [];
  const guess = nearest(name, names);
  const hint = guess === undefined ? `there are: ${names.join(", ")}` : `did you mean ${guess}?`;
  return [{ path, at: "value", message: `there is no ${what} "${name}"; ${hint}` }];
}

/** A job that waits for itself by way of others would wait for ever. */
function loopFindings(name: string, jobs: Record<string, Job>): Finding[] {
  const seen = new Set<string>();
  const open = [...(jobs[name]?.after ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === name && !(jobs[name]?.after ?? []).includes(name)) {
      const message = `expected jobs that do not wait for ${name} themselves, got a circle`;
      return [{ path: ["jobs", name, "after"], at: "value", message }];
    }
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(jobs[next]?.after ?? []));
  }
  return [];
}

function calendarFindings(name: string, calendar: UserCalendar): Finding[] {
  const keys = ["zone", "open", "close"] as const;
  const path = ["calendars", name];
  if (isBuiltIn(name)) {
    return keys
      .filter((key) => calendar[key] !== undefined)
      .map((key) => ({
        path: [...path, key],
        at: "key",
        message: `expected only file here, got ${key}: ${name} is built in and has its own`,
      }));
  }
  const missing = keys.filter((key) => calendar[key] === undefined);
  if (missing.length === 0) return [];
  const message = `missing: expected ${missing.join(", ")} of a calendar of your own`;
  return [{ path, at: "key", message }];
}
