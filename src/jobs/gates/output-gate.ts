import { existsSync } from "node:fs";
import type { Home } from "../../config/home.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { findRun } from "../../ledger/runs.ts";
import { slotsOfDay, type SlotRecord } from "../../ledger/slots.ts";
import { addDays } from "../../schedule/day.ts";
import { slotsBetween } from "../../schedule/slots.ts";
import { wallOf } from "../../schedule/wall.ts";
import { checkOutput } from "../outputs.ts";
import { tradingDateOf } from "../invocation.ts";
import type { GateVerdict } from "../ports.ts";
import { HomeJobs, type ScheduledJob } from "../schedules.ts";
import { valuesOf } from "../values.ts";

/** Whose slot asks: its day, and the instant by which the other job's slot was due too. */
export interface Asker {
  day: string;
  dueMs: number;
  nowMs: number;
}

/**
 * Whether another job's slot of the same day is done and its declared outputs are still what they were
 * when it was. Of several slots of the day the newest that was due by the asker's own counts; where none
 * was, any of the day.
 */
export async function askOutputGate(
  home: Home,
  name: string,
  { day, dueMs, nowMs }: Asker,
): Promise<GateVerdict> {
  const job = new HomeJobs(home).find(name);
  if (!job) return { outcome: "error", evidence: `there is no job ${name} in cbi.yaml` };
  if (!existsSync(home.paths.ledger)) return notYet(name, day);
  using ledger = Ledger.open(home.paths.ledger);
  const recorded = slotsOfDay(ledger, name, day);
  const wanted = newestDue(job, day, dueMs);
  const slots = wanted === undefined ? recorded : recorded.filter((slot) => slot.name === wanted);
  const done = slots.filter(({ verdict }) => verdict === "done").at(-1);
  if (!done) return notDone(name, wanted ?? day, slots);
  const run = done.run === undefined ? undefined : findRun(ledger, done.run);
  const asOf = run?.asOf ?? job.calendar.lastClosedSession(done.dueMs);
  return askOutputs(home, job, done, asOf, nowMs);
}

/** The name of a job's last slot of a day that was due by an instant. */
function newestDue(
  { schedule, zone }: ScheduledJob,
  day: string,
  dueMs: number,
): string | undefined {
  if (!schedule) return undefined;
  const fromMs = zone.dueOf(wallOf(addDays(day, -1))).dueMs;
  const untilMs = Math.min(dueMs, zone.dueOf(wallOf(addDays(day, 2))).dueMs);
  let newest: string | undefined;
  for (const slot of slotsBetween(schedule, fromMs, untilMs)) {
    if (slot.day === day) newest = slot.name;
  }
  return newest;
}

async function askOutputs(
  home: Home,
  job: ScheduledJob,
  slot: SlotRecord,
  asOf: string,
  nowMs: number,
): Promise<GateVerdict> {
  const said = `${job.name}@${slot.name} is done`;
  if (job.settings.kind !== "command") return { outcome: "pass", evidence: said };
  const values = valuesOf(
    {
      run: slot.run ?? "",
      job: job.name,
      home,
      zone: job.zone,
      slot,
      asOf,
      tradingDate: tradingDateOf(job.calendar, slot.dueMs),
    },
    nowMs,
    slot.attempts,
  );
  const problems: string[] = [];
  for (const declared of job.settings.outputs) {
    const reading = await checkOutput(declared, values, job.zone, slot.dueMs);
    if ("problem" in reading) problems.push(reading.problem);
  }
  return problems.length === 0
    ? { outcome: "pass", evidence: said }
    : { outcome: "hold", evidence: `${said}, but ${problems.join("; ")}` };
}

function notDone(name: string, wanted: string, slots: readonly SlotRecord[]): GateVerdict {
  const last = slots.at(-1);
  if (!last) return notYet(name, wanted);
  const state = last.verdict === undefined ? "is not done yet" : `ended as ${last.verdict}`;
  return { outcome: "hold", evidence: `${name}@${last.name} ${state}` };
}

/** `wanted` is a slot's name, or a day. */
function notYet(name: string, wanted: string): GateVerdict {
  const evidence = wanted.includes("T")
    ? `${name}@${wanted} is not done`
    : `no slot of ${name} on ${wanted} is done`;
  return { outcome: "hold", evidence };
}
