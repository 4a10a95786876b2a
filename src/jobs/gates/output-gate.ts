import { existsSync } from "node:fs";
import type { Home } from "../../config/home.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { findRun } from "../../ledger/runs.ts";
import { slotsOfDay, type SlotRecord } from "../../ledger/slots.ts";
import { checkOutput } from "../outputs.ts";
import { tradingDateOf } from "../invocation.ts";
import type { GateVerdict } from "../ports.ts";
import { HomeJobs, type ScheduledJob } from "../schedules.ts";
import { valuesOf } from "../values.ts";

/**
 * Whether another job's slot of a day is done and its declared outputs are still what they were when it
 * was. Of several slots of the day the last that is done counts.
 */
export async function askOutputGate(
  home: Home,
  name: string,
  day: string,
  nowMs: number,
): Promise<GateVerdict> {
  const job = new HomeJobs(home).find(name);
  if (!job) return { outcome: "error", evidence: `there is no job ${name} in cbi.yaml` };
  if (!existsSync(home.paths.ledger)) return notYet(name, day);
  using ledger = Ledger.open(home.paths.ledger);
  const slots = slotsOfDay(ledger, name, day);
  const done = slots.filter(({ verdict }) => verdict === "done").at(-1);
  if (!done) return notDone(name, day, slots);
  const run = done.run === undefined ? undefined : findRun(ledger, done.run);
  const asOf = run?.asOf ?? job.calendar.lastClosedSession(done.dueMs);
  return askOutputs(home, job, done, asOf, nowMs);
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

function notDone(name: string, day: string, slots: readonly SlotRecord[]): GateVerdict {
  const last = slots.at(-1);
  if (!last) return notYet(name, day);
  const state = last.verdict === undefined ? "is not done yet" : `ended as ${last.verdict}`;
  return { outcome: "hold", evidence: `${name}@${last.name} ${state}` };
}

function notYet(name: string, day: string): GateVerdict {
  return { outcome: "hold", evidence: `no slot of ${name} on ${day} is done` };
}
