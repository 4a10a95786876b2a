import { outlook, type ComingSlot } from "../jobs/outlook.ts";
import { disabledReason } from "../jobs/registration.ts";
import { HomeJobs } from "../jobs/schedules.ts";
import { registeredJobs, type RegisteredJob } from "../ledger/jobs.ts";
import { horizonRemark } from "../schedule/calendar/horizon.ts";
import { dayOfWall, localText, utcText } from "../schedule/wall.ts";
import type { ClockChange, Zone } from "../schedule/zone.ts";
import { hereOffsetMs } from "../system/clock.ts";
import { ExitCode } from "../system/exit-code.ts";
import type { CommandContext, CommandInput } from "./command.ts";
import { homeOf, ledgerOf } from "./home.ts";
import { textOption, unknownName } from "./options.ts";

const DAY_MS = 86_400_000;
const DAYS_DEFAULT = 7;
/** A job of every minute would hide all others. */
const PER_JOB_MAX = 1000;

/** One element of what `cbi next --json` prints for the jobs of a home. */
export interface NextJobSlot {
  job: string;
  slot: string;
  due: string;
  /** The same instant on the job's own clock, and on this machine's. */
  local: string;
  here: string;
  note: ClockChange | null;
  moved_from: string | null;
  /** Why it does not run; null for one that does. */
  skipped: string | null;
  /** Jobs that are due at the same instant and wait for it, or it for them. */
  collides_with: string[];
}

/** Shows when the jobs of a home are due in the coming days. */
export async function showNextOfJobs(
  context: CommandContext,
  input: CommandInput,
): Promise<ExitCode> {
  const home = await homeOf(context, input);
  const jobs = new HomeJobs(home);
  const name = textOption(input, "job");
  if (name !== undefined && !jobs.names.includes(name)) {
    throw unknownName("job", name, jobs.names, ExitCode.usage);
  }
  const names = name === undefined ? jobs.names : [name];
  const isExplained = input.options["explain"] === true;
  const afterMs = context.clock.now();
  const throughMs = afterMs + Number(input.options["days"] ?? DAYS_DEFAULT) * DAY_MS;
  const count = input.options["count"];
  const coming = outlook(jobs, {
    jobs: names,
    afterMs,
    throughMs,
    withExcluded: isExplained,
    perJob: PER_JOB_MAX,
  });
  const disabled = disabledJobs(jobs, names, registered(home));
  const shown = coming
    .slice(0, typeof count === "number" ? count : coming.length)
    .map((slot) => shownSlot(jobs, slot, disabled));
  for (const full of names.filter((one) => isFull(coming, one))) {
    context.remark(`only the first ${PER_JOB_MAX} slots of ${full} are shown`);
  }
  for (const remark of remarks(jobs, names, { afterMs, throughMs })) context.remark(remark);
  if (input.options["json"] === true) context.write(`${JSON.stringify(shown)}\n`);
  else context.write(table(shown, isExplained, throughMs));
  return ExitCode.done;
}

function isFull(coming: readonly ComingSlot[], name: string): boolean {
  return coming.filter(({ job }) => job === name).length >= PER_JOB_MAX;
}

function registered(home: HomeJobs["home"]): ReadonlyMap<string, RegisteredJob> {
  using ledger = ledgerOf(home);
  return ledger ? registeredJobs(ledger) : new Map();
}

function disabledJobs(
  jobs: HomeJobs,
  names: readonly string[],
  known: ReadonlyMap<string, RegisteredJob>,
): Map<string, string> {
  const disabled = new Map<string, string>();
  for (const name of names) {
    const job = known.get(name);
    const isOff = !job && jobs.home.config.jobs[name]?.enabled === false;
    const reason = job ? disabledReason(jobs, job) : isOff ? "disabled in cbi.yaml" : undefined;
    if (reason !== undefined) disabled.set(name, reason);
  }
  return disabled;
}

function shownSlot(
  jobs: HomeJobs,
  slot: ComingSlot,
  disabled: ReadonlyMap<string, string>,
): NextJobSlot {
  const zone = jobs.find(slot.job)?.zone;
  return {
    job: slot.job,
    slot: slot.slot,
    due: utcText(slot.dueMs),
    local: zone ? clockText(zone, slot.dueMs) : utcText(slot.dueMs),
    here: localText(slot.dueMs, hereOffsetMs(slot.dueMs)),
    note: slot.change ?? null,
    moved_from: slot.movedFrom ?? null,
    skipped: slot.excluded ?? disabled.get(slot.job) ?? null,
    collides_with: slot.collidesWith,
  };
}

function clockText(zone: Zone | undefined, instantMs: number): string {
  return zone ? localText(instantMs, zone.offsetMsAt(instantMs)) : utcText(instantMs);
}

function remarks(
  jobs: HomeJobs,
  names: readonly string[],
  span: { afterMs: number; throughMs: number },
): Set<string> {
  const found = new Set<string>();
  for (const name of names) {
    const job = jobs.find(name);
    const calendar = job?.schedule?.calendar;
    if (!job || !calendar || job.schedule?.days === "every-day") continue;
    const [from, through] = [span.afterMs, span.throughMs].map((atMs) =>
      dayOfWall(calendar.zone.wallAt(atMs)),
    );
    const remark = from && through && horizonRemark(calendar, from, through);
    if (remark) found.add(remark);
  }
  return found;
}

function table(slots: readonly NextJobSlot[], isExplained: boolean, throughMs: number): string {
  if (slots.length === 0) return `No slot until ${utcText(throughMs)}.\n`;
  const width = Math.max(3, ...slots.map(({ job }) => job.length));
  const head = `${"job".padEnd(width)}  ${"slot".padEnd(17)}  ${"due there".padEnd(25)}  due here`;
  const rows = slots.map((one) =>
    `${one.job.padEnd(width)}  ${one.slot.padEnd(17)}  ${one.local}  ${one.here}  ${notes(one, isExplained)}`.trimEnd(),
  );
  return `${[head, ...rows].join("\n")}\n`;
}

function notes(one: NextJobSlot, isExplained: boolean): string {
  const found: string[] = [];
  if (one.skipped !== null) found.push(`skipped: ${one.skipped}`);
  if (one.note === "gap") {
    found.push(isExplained ? "the clocks jump over it: due at the end of the gap" : "gap");
  }
  if (one.note === "overlap") {
    found.push(isExplained ? "the clocks show it twice: due at the first pass" : "overlap");
  }
  if (one.moved_from !== null) found.push(`moved from ${one.moved_from}`);
  if (one.collides_with.length > 0) found.push(`with ${one.collides_with.join(", ")}: one waits`);
  return found.join("; ");
}
