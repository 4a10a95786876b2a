import { beat } from "../guard/heartbeat.ts";
import type { Host } from "../host/host.ts";
import { openBook, type Checked } from "../jobs/check.ts";
import { runScheduled, type Road, type RoadEnd } from "../jobs/road.ts";
import { openIncidents, type Incident } from "../ledger/incidents.ts";
import { ExitCode } from "../system/exit-code.ts";
import { messageOf } from "../system/failure.ts";
import type { Uptime } from "../system/uptime.ts";
import type { Edge } from "./alert-edges.ts";
import type { Finding } from "./finding.ts";
import { judgeHome } from "./judge-home.ts";
import { judgeJob } from "./judge-job.ts";
import { observeHome } from "./observe-home.ts";
import { observeJobs, type Observed } from "./observe.ts";
import { buryRun } from "./orphans.ts";
import { tellAlerts } from "./tell-alerts.ts";
import { readWakeBook, type WakeBook } from "./wake-book.ts";
import { askForNextWakes, judgeWakes } from "./wakes.ts";

/** What a pass works with. */
export interface WatchdogWorld {
  /** A road with a ledger handle of its own; each job that is caught up gets one. */
  openRoad(): Road;
  host: Host;
  uptime(): Uptime;
  /** Told of each alert when it is kept: the way out for whoever delivers them. */
  tell(edge: Edge): void;
}

/** One thing that a pass did, or in a dry run would do. */
export interface Act {
  act: "bury" | "catch-up";
  job: string;
  /** A sentence. */
  message: string;
}

/** What one pass found, did and told. */
export interface PassReport {
  findings: Finding[];
  acts: Act[];
  told: Edge[];
  open: Incident[];
}

/**
 * One pass of the watchdog: judge, heal, judge again. Healing is what the road does anyway: it starts
 * what is due and resumes what was interrupted, under the same locks and claims as any start, so that
 * a pass beside a scheduled run is harmless. A job that fails to be healed never stops the others.
 */
export async function watchdogPass(
  world: WatchdogWorld,
  options: { isDryRun: boolean },
): Promise<PassReport> {
  const road = world.openRoad();
  using ledgers = road.ledgers;
  const { clock } = road.world;
  if (options.isDryRun) {
    const book = await readWakeBook(road.home.paths);
    const { observed, findings } = await judge(road, world, book, false);
    const acts = observed.flatMap(plannedActs);
    return { findings, acts, told: [], open: openIncidents(ledgers.ledger) };
  }
  await beat(road.home.paths, "watchdog", clock.now());
  openBook(road.jobs, ledgers.ledger, clock.now());
  const book = await lookAfterWakes(road, world);
  const before = await judge(road, world, book, true);
  const told = tell(road, world, before.findings);
  const { acts, waiting, after } = await healAll(road, world, book, before);
  if (acts.length === 0) {
    await beat(road.home.paths, "watchdog", clock.now(), "ended");
    return { findings: before.findings, acts, told, open: openIncidents(ledgers.ledger) };
  }
  const atWork = new Set(
    after.observed
      .filter(({ running }) => running.some(({ isDead }) => !isDead))
      .map(({ checked }) => checked.job),
  );
  const findings = after.findings.map((finding) => ({
    ...finding,
    isBeingHealed:
      finding.isBeingHealed && (waiting.has(finding.job ?? "") || atWork.has(finding.job ?? "")),
  }));
  told.push(...tell(road, world, findings));
  await beat(road.home.paths, "watchdog", clock.now(), "ended");
  return { findings, acts, told, open: openIncidents(ledgers.ledger) };
}

/** What is known of a home at one instant of a pass. */
interface Judged {
  observed: Observed[];
  findings: Finding[];
}

/** Heals, and then what only that made possible, as a job that comes after another; no job starts twice. */
async function healAll(
  road: Road,
  world: WatchdogWorld,
  book: WakeBook | undefined,
  before: Judged,
): Promise<Healed & { after: Judged }> {
  const acts: Act[] = [];
  const waiting = new Set<string>();
  const healed = new Set<string>();
  let after = before;
  // A chain of jobs is no longer than there are jobs.
  for (let round = 0; round <= before.observed.length; round++) {
    const left = after.observed.filter(({ checked }) => !healed.has(checked.job));
    const end = await heal(road, world, left);
    if (end.acts.length === 0) break;
    for (const { checked } of left) {
      if (isStart(checked) || isService(road, checked.job)) healed.add(checked.job);
    }
    for (const job of end.waiting) waiting.add(job);
    acts.push(...end.acts);
    after = await judge(road, world, book, true);
  }
  return { acts, waiting, after };
}

function isStart({ next }: Checked): boolean {
  return next.step === "start" || next.step === "resume";
}

/** Wakes matter less than what is due: what cannot be asked of them now is asked in the next pass. */
async function lookAfterWakes(road: Road, world: WatchdogWorld): Promise<WakeBook | undefined> {
  await askForNextWakes(road, world.host).catch(() => undefined);
  return judgeWakes(road, world.host, world.uptime()).catch(() => undefined);
}

async function judge(
  road: Road,
  world: WatchdogWorld,
  book: WakeBook | undefined,
  mayWrite: boolean,
): Promise<Judged> {
  const nowMs = road.world.clock.now();
  const observed = await observeJobs(road, world.uptime(), mayWrite);
  const enabled = observed.filter(({ facts }) => facts.isEnabled).map(({ facts }) => facts.job);
  const home = await observeHome(road.jobs, enabled, world.host, book, nowMs);
  const ofJobs = observed.flatMap(({ facts }) => judgeJob(facts, nowMs));
  return { observed, findings: [...ofJobs, ...judgeHome(home)] };
}

function tell(road: Road, world: WatchdogWorld, findings: readonly Finding[]): Edge[] {
  const edges = tellAlerts(road.ledgers.ledger, findings, road.world.clock.now());
  for (const edge of edges) world.tell(edge);
  return edges;
}

function plannedActs({ checked, running }: Observed): Act[] {
  const { job } = checked;
  const dead = running.filter(({ isDead }) => isDead);
  const acts: Act[] = dead.map(({ record }) => ({
    act: "bury",
    job,
    message: `would record that run ${record.id} died, and end what it left behind`,
  }));
  if (isWork(checked)) acts.push({ act: "catch-up", job, message: `would ${workText(checked)}` });
  return acts;
}

interface Healed {
  acts: Act[];
  /** The jobs that others held up. */
  waiting: Set<string>;
}

/** Heals each job on a road of its own, side by side. */
async function heal(
  road: Road,
  world: WatchdogWorld,
  observed: readonly Observed[],
): Promise<Healed> {
  const acts: Act[] = [];
  const waiting = new Set<string>();
  await Promise.all(
    observed.map(async ({ checked, running }) => {
      const { job } = checked;
      try {
        const dead = running.filter(({ isDead }) => isDead);
        for (const { record } of dead) {
          const message = await buryRun(road, record);
          if (message !== undefined) acts.push({ act: "bury", job, message });
        }
        if (dead.length === 0 && !isWork(checked)) return;
        if (isService(road, job)) {
          // It is kept for hours, and a pass must end: another process keeps it.
          const started = await world.host.startService?.(job);
          waiting.add(job);
          if (started) acts.push({ act: "catch-up", job, message: started.said });
          return;
        }
        const asked = isStart(checked) ? await world.host.start?.(job) : undefined;
        if (asked !== undefined) {
          waiting.add(job);
          acts.push({ act: "catch-up", job, message: asked });
          return;
        }
        const end = await catchUp(world, job);
        if (end.exitCode === ExitCode.lockHeld) waiting.add(job);
        acts.push({ act: "catch-up", job, message: endText(end) });
      } catch (error) {
        acts.push({ act: "catch-up", job, message: `failed: ${messageOf(error)}` });
      }
    }),
  );
  return { acts, waiting };
}

function isService(road: Road, job: string): boolean {
  return road.home.config.jobs[job]?.kind === "service";
}

async function catchUp(world: WatchdogWorld, job: string): Promise<RoadEnd> {
  const road = world.openRoad();
  using ledgers = road.ledgers;
  return await runScheduled({ ...road, ledgers }, job, { mayWait: false });
}

function isWork(checked: Checked): boolean {
  return checked.ends.length > 0 || checked.range !== undefined || isStart(checked);
}

function workText({ ends, next }: Checked): string {
  if (next.step === "start" || next.step === "resume") {
    return `${next.step} ${next.slot.name}: ${next.reason}`;
  }
  return `record ${ends.length} slots that had no start`;
}

function endText({ slots, next, exitCode }: RoadEnd): string {
  if (slots.length > 0) {
    return slots.map(({ slot, verdict }) => `${slot} ${verdict ?? "stays claimed"}`).join(", ");
  }
  return exitCode === ExitCode.lockHeld ? "another run is in the way" : next.reason;
}
