import { HomeJobs, type ScheduledJob } from "../../jobs/schedules.ts";
import { disabledReason } from "../../jobs/registration.ts";
import { registeredJobs, type RegisteredJob } from "../../ledger/jobs.ts";
import { newestSlots } from "../../ledger/slots.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { nextSlots } from "../../schedule/slots.ts";
import { localText, utcText } from "../../schedule/wall.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { homeOption, jsonOption, type Command } from "../command.ts";
import { homeOf, ledgerOf } from "../home.ts";
import { textOption } from "../options.ts";

/** One element of what `cbi jobs list --json` prints. */
export interface ShownJob {
  job: string;
  kind: string;
  enabled: boolean;
  /** Why not, where it is not. */
  disabled: string | null;
  tags: string[];
  group: string | null;
  next: string | null;
  /** The next due time on the job's own clock. */
  next_local: string | null;
  last_slot: string | null;
  last_verdict: string | null;
}

/** `cbi jobs list`: every job, when it is due next and how it last went. */
export const command: Command = {
  words: ["jobs", "list"],
  summary: "List the jobs: when each is due next, and how its last slot ended",
  options: [{ flags: "--tag <tag>", summary: "only jobs with this tag" }, jsonOption, homeOption],
  examples: [
    { line: "cbi jobs list", says: "all jobs of the home" },
    { line: "cbi jobs list --tag broker --json", says: "those with a tag, for a program" },
  ],
  exits: [
    { code: ExitCode.done, when: "the jobs were listed" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
  ],
  async run(context, input) {
    const home = await homeOf(context, input);
    const jobs = new HomeJobs(home);
    using ledger = ledgerOf(home);
    const registered = ledger ? registeredJobs(ledger) : new Map<string, RegisteredJob>();
    const tag = textOption(input, "tag");
    const shown = jobs.names
      .flatMap((name) => jobs.find(name) ?? [])
      .filter(({ settings }) => tag === undefined || settings.tags.includes(tag))
      .map((job) => shownJob(jobs, job, registered.get(job.name), ledger, context.clock.now()));
    if (input.options["json"] === true) {
      context.write(`${JSON.stringify(shown, undefined, 2)}\n`);
      return ExitCode.done;
    }
    for (const one of shown) context.write(`${line(one)}\n`);
    return ExitCode.done;
  },
};

/** A job as lists show it. */
export function shownJob(
  jobs: HomeJobs,
  job: ScheduledJob,
  registered: RegisteredJob | undefined,
  ledger: Ledger | undefined,
  nowMs: number,
): ShownJob {
  const { name, settings, schedule, zone } = job;
  const disabled = registered
    ? disabledReason(jobs, registered)
    : settings.enabled
      ? undefined
      : "disabled in cbi.yaml";
  const next = schedule && nextSlots(schedule, nowMs, 1)[0];
  const [last] = ledger ? newestSlots(ledger, { job: name, limit: 1 }) : [];
  return {
    job: name,
    kind: settings.kind,
    enabled: disabled === undefined,
    disabled: disabled ?? null,
    tags: settings.tags,
    group: settings.group ?? null,
    next: next ? utcText(next.dueMs) : null,
    next_local: next ? localText(next.dueMs, zone.offsetMsAt(next.dueMs)) : null,
    last_slot: last?.name ?? null,
    last_verdict: last ? (last.verdict ?? "claimed") : null,
  };
}

function line(one: ShownJob): string {
  const next = one.disabled ?? (one.next_local === null ? "no schedule" : `next ${one.next_local}`);
  const last = one.last_slot === null ? "no slot yet" : `${one.last_slot} ${one.last_verdict}`;
  return `${one.job.padEnd(16)} ${one.kind.padEnd(8)} ${next.padEnd(31)} ${last}`.trimEnd();
}
