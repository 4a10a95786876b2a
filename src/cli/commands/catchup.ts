import { openBook, readBook, type Checked } from "../../jobs/check.ts";
import { runScheduled, type RoadEnd } from "../../jobs/road.ts";
import { believeClock, newestRecordMs } from "../../ledger/clock-marks.ts";
import { CLOCK_BEHIND_MS } from "../../schedule/due.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { waitUnoptimized } from "../../system/small-heap.ts";
import { singleLine } from "../../system/text.ts";
import {
  homeOption,
  jsonOption,
  type Command,
  type CommandContext,
  type CommandInput,
} from "../command.ts";
import { homeOf, ledgerOf } from "../home.ts";
import { textOption } from "../options.ts";
import { jobOf, roadOf } from "../road.ts";
import { roadEndJson, roadEndLines } from "../show/road-end.ts";
import { plainPresenter } from "../show/plain.ts";

/** `cbi catchup`: what should have started and did not, by every job's policy. */
export const command: Command = {
  words: ["catchup"],
  summary: "Start what is due and did not start, by each job's catch_up policy",
  description:
    "Takes the same road as a scheduled start, job by job; what is not to be started gets its verdict\n" +
    "and reason. With --plan it says all of that and changes nothing.",
  options: [
    { flags: "--plan", summary: "say what would be started and recorded, and change nothing" },
    { flags: "--job <job>", summary: "only this job" },
    {
      flags: "--trust-clock",
      summary: "the clock is right and newer records in the ledger were made by a wrong one",
    },
    jsonOption,
    homeOption,
  ],
  examples: [
    { line: "cbi catchup --plan", says: "after a holiday of the machine: what would run now" },
    { line: "cbi catchup", says: "and let it run" },
  ],
  exits: [
    { code: ExitCode.done, when: "nothing was due, or all that started is done" },
    { code: ExitCode.failed, when: "a run failed" },
    { code: ExitCode.lockHeld, when: "a run was in the way of one that is due" },
    { code: ExitCode.held, when: "a kill switch, a gate, or a clock behind the ledger" },
    { code: ExitCode.configInvalid, when: "cbi.yaml is missing or invalid" },
    { code: ExitCode.interrupted, when: "stopped by Ctrl-C or SIGTERM" },
  ],
  run: (context, input) =>
    input.options["plan"] === true ? plan(context, input) : catchUp(context, input),
};

async function plan(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const home = await homeOf(context, input, { isWritten: true });
  const road = roadOf(context, home);
  const names = namesOf(input, road.jobs.names);
  for (const name of names) jobOf(road, name);
  using ledger = ledgerOf(home);
  const book = ledger && readBook(road.jobs, ledger, context.clock.now());
  const checks = book ? names.map((name) => book.check(name, { hasLock: false })) : [];
  if (input.options["json"] === true) {
    context.write(`${JSON.stringify(checks.map(planJson), undefined, 2)}\n`);
    return ExitCode.done;
  }
  if (checks.length === 0)
    context.write("nothing was ever scheduled here: slots count from the first start\n");
  for (const checked of checks) for (const line of planLines(checked)) context.write(`${line}\n`);
  return ExitCode.done;
}

async function catchUp(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  // What it does itself is over before optimized code would pay; a night asks for that.
  waitUnoptimized();
  const home = await homeOf(context, input, { isWritten: true });
  const isJson = input.options["json"] === true;
  const road = roadOf(
    context,
    home,
    isJson
      ? (event) => context.write(`${JSON.stringify(event)}\n`)
      : plainPresenter((line) => context.write(`${line}\n`)),
  );
  using ledgers = road.ledgers;
  if (input.options["trustClock"] === true) trustClock(context, ledgers.ledger);
  let exitCode: ExitCode = ExitCode.done;
  const book = openBook(road.jobs, ledgers.ledger, context.clock.now());
  for (const name of namesOf(input, road.jobs.names)) {
    jobOf(road, name);
    const end: RoadEnd = await runScheduled(road, name, {
      mayWait: false,
      seen: book.check(name, { hasLock: false }),
    });
    if (end.exitCode !== ExitCode.done) ({ exitCode } = end);
    if (isJson) context.write(`${JSON.stringify(roadEndJson(end))}\n`);
    else for (const line of roadEndLines(end)) context.write(`${line}\n`);
    if (context.signal.aborted) break;
  }
  return exitCode;
}

function trustClock(context: CommandContext, ledger: Parameters<typeof believeClock>[0]): void {
  const nowMs = context.clock.now();
  const newestMs = newestRecordMs(ledger);
  if (newestMs === undefined || newestMs - nowMs <= CLOCK_BEHIND_MS) {
    context.remark("the clock is not behind the ledger; nothing to trust");
    return;
  }
  believeClock(ledger, nowMs);
}

function namesOf(input: CommandInput, all: readonly string[]): readonly string[] {
  const job = textOption(input, "job");
  return job === undefined ? all : [job];
}

function planJson({ job, ends, range, next }: Checked): object {
  return {
    job,
    would: next.step,
    slot: "slot" in next ? next.slot.name : null,
    reason: next.reason,
    would_record: ends.map(({ name, verdict, reason }) => ({ slot: name, verdict, reason })),
    would_record_unlisted: range
      ? {
          after: new Date(range.afterMs).toISOString(),
          through: new Date(range.throughMs).toISOString(),
          verdict: range.verdict,
          reason: range.reason,
        }
      : null,
  };
}

const PLANNED_MAX = 20;

function planLines({ job, ends, range, next }: Checked): string[] {
  const what =
    "slot" in next
      ? `would ${next.step} ${next.slot.name}: ${next.reason}`
      : `${next.step === "hold" ? "holds" : "nothing to start"}: ${next.reason}`;
  const lines = [`${job}: ${singleLine(what, 120)}`];
  if (range) {
    const through = new Date(range.throughMs).toISOString();
    lines.push(`  ${range.verdict.padEnd(10)} everything until ${through}: ${range.reason}`);
  }
  for (const { name, verdict, reason } of ends.slice(-PLANNED_MAX)) {
    lines.push(`  ${verdict.padEnd(10)} ${name}: ${singleLine(reason, 100)}`);
  }
  if (ends.length > PLANNED_MAX) lines.push(`  and ${ends.length - PLANNED_MAX} before these`);
  return lines;
}
