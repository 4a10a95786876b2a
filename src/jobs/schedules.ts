import { homeCalendar } from "../config/calendars.ts";
import { parseDurationMs } from "../config/duration.ts";
import type { Home } from "../config/home.ts";
import type { CatchUp, Job } from "../config/jobs-schema.ts";
import { scheduleTextOf } from "../config/schedule-text.ts";
import type { TradingCalendar } from "../schedule/calendar/calendar.ts";
import type { CatchUpRule } from "../schedule/due.ts";
import { parseSchedule, type Schedule } from "../schedule/schedule.ts";
import { zoneNamed, type Zone } from "../schedule/zone.ts";
import { canonicalJson } from "../system/files.ts";

/** A job of cbi.yaml with its schedule read. */
export interface ScheduledJob {
  name: string;
  settings: Job;
  zone: Zone;
  calendar: TradingCalendar;
  /** Undefined for a job that only people start. */
  schedule: Schedule | undefined;
  /** The keys of its schedule in canonical JSON: another text is another schedule. */
  scheduleText: string;
  catchUp: CatchUpRule;
}

/** The jobs of a home; each is read when it is asked for, and once. */
export class HomeJobs {
  readonly home: Home;
  readonly #texts = new Map<string, string>();
  readonly #known = new Map<string, ScheduledJob>();
  readonly #schedules = new Map<string, Schedule>();
  readonly #calendars = new Map<string, TradingCalendar>();

  constructor(home: Home) {
    this.home = home;
  }

  get names(): string[] {
    return Object.keys(this.home.config.jobs);
  }

  /** The job of that name, or undefined. Throws `CBI_CALENDAR_INVALID` for a calendar file that is none. */
  find(name: string): ScheduledJob | undefined {
    const known = this.#known.get(name);
    if (known) return known;
    const settings = this.home.config.jobs[name];
    if (!settings) return undefined;
    const job = this.#read(name, settings);
    this.#known.set(name, job);
    return job;
  }

  /** The keys of a job's schedule in canonical JSON, without reading it. */
  textOf(name: string): string {
    const known = this.#texts.get(name);
    if (known !== undefined) return known;
    const text = this.#write(name);
    this.#texts.set(name, text);
    return text;
  }

  #write(name: string): string {
    const settings = this.home.config.jobs[name];
    if (!settings) return "";
    const { zone, calendar } = this.home.config;
    const source = this.#scheduleSource(settings);
    if (!source) return canonicalJson({ zone: settings.zone ?? zone });
    const own = source.calendar ?? calendar;
    return canonicalJson({ ...scheduleTextOf(source, zone), calendar: own });
  }

  /** The schedule of a text that `textOf` gave, maybe long ago; undefined where it cannot be read now. */
  scheduleOfText(text: string): Schedule | undefined {
    const { calendar: name, ...rest } = JSON.parse(text) as Parameters<typeof parseSchedule>[0] & {
      calendar?: unknown;
    };
    try {
      const calendar = typeof name === "string" ? this.#calendar(name) : undefined;
      const parsed = parseSchedule({ ...rest, ...(calendar && { calendar }) });
      return parsed.ok ? parsed.schedule : undefined;
    } catch {
      return undefined;
    }
  }

  #read(name: string, settings: Job): ScheduledJob {
    const { config } = this.home;
    const source = this.#scheduleSource(settings);
    const calendar = this.#calendar((source ?? settings).calendar ?? config.calendar);
    const zoneName = settings.zone ?? config.zone;
    const zone = zoneNamed(zoneName);
    // Both were judged when the configuration was read.
    if (!zone) throw new Error(`the zone ${zoneName} was valid and is unknown`);
    return {
      name,
      settings,
      zone,
      calendar,
      schedule: source && this.#schedule(name, source, calendar),
      scheduleText: this.textOf(name),
      catchUp: catchUpRule(settings.catch_up),
    };
  }

  /** Jobs with one schedule share what is read of it. */
  #schedule(name: string, source: Job, calendar: TradingCalendar): Schedule {
    const text = this.textOf(name);
    const known = this.#schedules.get(text);
    if (known) return known;
    const parsed = parseSchedule({ ...scheduleTextOf(source, this.home.config.zone), calendar });
    if (!parsed.ok) {
      throw new Error(`the schedule of ${name} was valid: ${parsed.problems[0]?.message}`);
    }
    this.#schedules.set(text, parsed.schedule);
    return parsed.schedule;
  }

  /** The job whose keys schedule this one: itself, or the first that it waits for. */
  #scheduleSource(settings: Job): Job | undefined {
    let found: Job | undefined = settings;
    while (found && found.schedule === undefined && found.every === undefined) {
      const [first]: string[] = found.after;
      found = first === undefined ? undefined : this.home.config.jobs[first];
    }
    return found;
  }

  #calendar(name: string): TradingCalendar {
    const known = this.#calendars.get(name);
    if (known) return known;
    const calendar = homeCalendar(this.home, name);
    this.#calendars.set(name, calendar);
    return calendar;
  }
}

function catchUpRule(settings: CatchUp): CatchUpRule {
  const { max_age: age, spacing } = settings;
  return {
    policy: settings.policy,
    maxAgeMs: age === undefined ? undefined : parseDurationMs(age),
    maxCount: settings.max_count,
    spacingMs: spacing === undefined ? undefined : parseDurationMs(spacing),
  };
}
