import { job as jobSchema } from "../../config/jobs-schema.ts";
import { checkJobs } from "../../config/schedule-checks.ts";
import { checkTemplates } from "../../config/template-checks.ts";
import { singleLine } from "../../system/text.ts";
import { jobNameFor } from "./names.ts";

/** The keys of one job of cbi.yaml, in the order in which they are written. */
export type Settings = Readonly<Record<string, unknown>>;

/** One job that an existing schedule becomes. */
export interface ImportedJob {
  name: string;
  /** Where it stands in the file, from 1. */
  line: number;
  /** What stands there, on one line. */
  source: string;
  settings: Settings;
  /** Why it is written as a comment, and what makes a job of it; undefined for one that runs as it is. */
  held: string | undefined;
}

/** What was understood, what is otherwise under our laws, and what could not be taken over. */
export type RemarkKind = "understood" | "differs" | "not-taken";

/** One sentence about a line, or without one about the whole file. */
export interface Remark {
  kind: RemarkKind;
  line: number | undefined;
  job: string | undefined;
  message: string;
}

export interface Imported {
  jobs: readonly ImportedJob[];
  /** In the order of the file; those about the whole come last. */
  remarks: readonly Remark[];
}

/** What an importer has to know besides the file. */
export interface ImportContext {
  /** The zone of times that name none. */
  zone: string;
}

/** No schedule that people keep has more; a file that does is something else. */
export const JOBS_MAX = 500;
const SOURCE_LENGTH_MAX = 160;

/** What an importer collects; every job is held to the schema of cbi.yaml before it counts. */
export class Draft {
  readonly #jobs: ImportedJob[] = [];
  readonly #remarks = new Map<string, Remark>();
  readonly #names = new Set<string>();

  /** Adds a job; one that cbi.yaml would refuse is held with what is wrong with it. Gives its name. */
  add(found: {
    line: number;
    source: string;
    /** Words from which its name is made. */
    called: readonly string[];
    settings: Settings;
    held?: string | undefined;
  }): string {
    const name = jobNameFor(found.called, this.#names);
    this.#names.add(name);
    const settings = withoutAbsent(found.settings);
    const problem = problemOf(name, settings);
    const held = found.held ?? (problem && `cbi.yaml would refuse it: ${problem}`);
    const source = singleLine(found.source, SOURCE_LENGTH_MAX);
    this.#jobs.push({ name, line: found.line, source, settings, held });
    const { line } = found;
    if (held === undefined) this.note("understood", line, summaryOf(settings), name);
    else this.note("not-taken", line, `written as a comment: ${held}`, name);
    return name;
  }

  note(kind: RemarkKind, line: number | undefined, message: string, job?: string): void {
    this.#remarks.set(JSON.stringify([kind, line, job, message]), { kind, line, job, message });
  }

  get isFull(): boolean {
    return this.#jobs.length >= JOBS_MAX;
  }

  end(): Imported {
    const last = Number.MAX_SAFE_INTEGER;
    const remarks = [...this.#remarks.values()].sort(
      (left, right) => (left.line ?? last) - (right.line ?? last),
    );
    return { jobs: this.#jobs, remarks };
  }
}

/** A text as it must stand in cbi.yaml, where `{name}` would be filled in. */
export function literal(text: string): string {
  return text.replaceAll(/\{([A-Za-z_]\w*(?::[A-Za-z]+)?)\}/g, "{{$1}}");
}

/** Seconds as a duration of cbi.yaml, rounded up to whole ones. */
export function durationText(seconds: number): string {
  const whole = Math.max(1, Math.ceil(seconds));
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
  ] as const) {
    if (whole % size === 0) return `${whole / size}${unit}`;
  }
  return `${whole}s`;
}

/** An interval in seconds as `every`, or undefined where cbi has none such: whole minutes up to a week. */
export function everyText(seconds: number): string | undefined {
  const isMinutes = Number.isInteger(seconds / 60) && seconds >= 60 && seconds <= 7 * 86_400;
  return isMinutes ? durationText(seconds) : undefined;
}

/** The first thing that cbi.yaml would say against a job. */
function problemOf(name: string, settings: Settings): string | undefined {
  if (JSON.stringify(settings).includes("\\u0000")) return "no program takes a NUL character";
  const read = jobSchema.safeParse(settings);
  if (!read.success) {
    const issue = read.error.issues[0];
    return `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not valid"}`;
  }
  const jobs = { [name]: read.data };
  const home = { zone: "UTC", calendar: "XNYS", calendars: {} };
  return [...checkJobs({ jobs, ...home }), ...checkTemplates({ jobs })][0]?.message;
}

function summaryOf(settings: Settings): string {
  const { schedule, every, zone, argv } = settings;
  const when = Array.isArray(schedule)
    ? `at ${schedule.join(" and ")}`
    : typeof every === "string"
      ? `every ${every}`
      : "without a schedule";
  const where = typeof zone === "string" ? ` in ${zone}` : "";
  const what = Array.isArray(argv) ? ` runs ${argv.join(" ")}` : "";
  return singleLine(`${when}${where}${what}`, SOURCE_LENGTH_MAX);
}

function withoutAbsent(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
