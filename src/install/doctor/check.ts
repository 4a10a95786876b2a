import type { Home } from "../../config/home.ts";
import type { HomeJobs } from "../../jobs/schedules.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import type { Clock } from "../../system/clock.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import type { Inside } from "../probe/ask.ts";

export type CheckState = "pass" | "warn" | "fail" | "skip";

/** What one check found: what was seen, and what helps. */
export interface CheckResult {
  state: CheckState;
  evidence: string;
  remedy?: string;
}

/** What checks look at. Nothing of it is changed. */
export interface DoctorWorld {
  home: Home;
  jobs: HomeJobs;
  /** Undefined where no run has ever made one, and where it cannot be opened. */
  ledger: Ledger | undefined;
  /** Why it cannot be opened. */
  ledgerProblem?: string | undefined;
  clock: Clock;
  environment: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  /** Whether the network is left alone. */
  isOffline: boolean;
  /**
   * What a process sees that the scheduler starts, asked once; gives undefined where the home is in
   * none. Absent within such a process.
   */
  inside?: () => Promise<Inside | undefined>;
}

export interface Check {
  /** What it is about, in a word or two. */
  name: string;
  /**
   * Whether it is made from within the scheduler where the home is installed: a terminal has rights,
   * folders and variables that jobs lack, and would pass falsely.
   */
  isInside?: boolean;
  run(world: DoctorWorld): Promise<CheckResult>;
}

export interface Finding extends CheckResult {
  name: string;
}

/** Makes the checks one after the other. One that throws has failed, and the others go on. */
export async function examine(
  checks: readonly Check[],
  world: DoctorWorld,
  onFinding: (finding: Finding) => void,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of checks) {
    world.signal.throwIfAborted();
    const finding = { name: check.name, ...(await contained(check, world)) };
    findings.push(finding);
    onFinding(finding);
  }
  return findings;
}

export function pass(evidence: string): CheckResult {
  return { state: "pass", evidence };
}

export function warn(evidence: string, remedy: string): CheckResult {
  return { state: "warn", evidence, remedy };
}

export function fail(evidence: string, remedy: string): CheckResult {
  return { state: "fail", evidence, remedy };
}

export function skip(evidence: string): CheckResult {
  return { state: "skip", evidence };
}

async function contained(check: Check, world: DoctorWorld): Promise<CheckResult> {
  try {
    const inside = check.isInside ? await world.inside?.() : undefined;
    // Where the scheduler could not be asked, what a terminal sees is better than nothing.
    const isAsked = inside !== undefined && inside.start.state !== "skip";
    return isAsked ? seenInside(check, inside) : await check.run(world);
  } catch (error) {
    if (world.signal.aborted) throw error;
    const remedy = error instanceof Failure ? error.remedy : undefined;
    return { state: "fail", evidence: messageOf(error), ...(remedy !== undefined && { remedy }) };
  }
}

function seenInside({ name }: Check, { host, isInside, answer }: Inside): CheckResult {
  const found = answer?.checks.find((finding) => finding.name === name);
  if (!found) return skip("the probe did not come to it");
  const { name: _name, ...result } = found;
  const where = isInside ? `inside ${host}` : `as ${host} would`;
  return { ...result, evidence: `${where}: ${result.evidence}` };
}
