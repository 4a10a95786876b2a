import type { RegisteredJob } from "../ledger/jobs.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { slotsOfDay, unreachedSlots } from "../ledger/slots.ts";
import { addDays } from "../schedule/day.ts";
import type { AfterState, DueSlot } from "../schedule/due.ts";
import { slotsBetween } from "../schedule/slots.ts";
import { wallOf } from "../schedule/wall.ts";
import type { HomeJobs, ScheduledJob } from "./schedules.ts";

/** Whether the jobs that a slot waits for are done on its day, still to come, or past hope. */
export function afterState(
  jobs: HomeJobs,
  ledger: Ledger,
  registered: Pick<ReadonlyMap<string, RegisteredJob>, "get">,
  job: ScheduledJob,
  slot: DueSlot,
): AfterState {
  let sinceMs: number | undefined;
  for (const name of job.settings.after) {
    const upstream = jobs.find(name);
    if (!upstream) return { state: "never", reason: `${name} is not in cbi.yaml` };
    const state = upstreamState(upstream, ledger, registered.get(name), slot);
    if (state.state !== "ready") return state;
    sinceMs = Math.max(sinceMs ?? Number.NEGATIVE_INFINITY, state.sinceMs ?? slot.dueMs);
  }
  return { state: "ready", sinceMs };
}

function upstreamState(
  upstream: ScheduledJob,
  ledger: Ledger,
  registered: RegisteredJob | undefined,
  { day }: DueSlot,
): AfterState {
  const { name } = upstream;
  const recorded = slotsOfDay(ledger, name, day);
  const done = recorded.filter(({ verdict }) => verdict === "done");
  if (done.length > 0) {
    return { state: "ready", sinceMs: Math.min(...done.map(({ recordedMs }) => recordedMs)) };
  }
  const unreached = new Set(unreachedSlots(ledger, name).map((slot) => slot.name));
  const claimed = recorded.find((slot) => slot.verdict === undefined || unreached.has(slot.name));
  if (claimed) return { state: "waiting", reason: `${name}@${claimed.name} is not done yet` };
  const names = new Set(recorded.map((slot) => slot.name));
  const coming = slotsOn(upstream, day).find(
    (slot) => !names.has(slot.name) && slot.dueMs > (registered?.throughMs ?? 0),
  );
  if (coming) return { state: "waiting", reason: `${name}@${coming.name} is not done yet` };
  const last = recorded.at(-1);
  const reason =
    last === undefined
      ? `${name} has no slot on ${day}`
      : `${name}@${last.name} ended as ${last.verdict ?? "claimed"}`;
  return { state: "never", reason };
}

/** The slots that a job's own wall clock gives a day. */
function slotsOn({ schedule, zone }: ScheduledJob, day: string): DueSlot[] {
  if (!schedule) return [];
  const fromMs = zone.dueOf(wallOf(addDays(day, -1))).dueMs;
  const toMs = zone.dueOf(wallOf(addDays(day, 2))).dueMs;
  return [...slotsBetween(schedule, fromMs, toMs)].filter((slot) => slot.day === day);
}
