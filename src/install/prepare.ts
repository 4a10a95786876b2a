import type { Home } from "../config/home.ts";
import type { HostScope } from "../host/hosted-home.ts";
import { describeHome } from "./describe-home.ts";
import { lookAt, type Comparison } from "./look.ts";
import { defaultScope, machineFor, ownHost, type HostName, type Machine } from "./machine.ts";
import { planInstall, type InstallPlan } from "./plan.ts";
import { readRecord, type InstallRecord } from "./record.ts";

export interface PrepareRequest {
  home: Home;
  /** Without one, the machine's own. */
  host: HostName | undefined;
  scope: HostScope | undefined;
  environment: Readonly<Record<string, string | undefined>>;
  nowMs: number;
  /** Whether nobody will see what the Mac does by itself already, so that it is not asked. */
  skipsPower?: boolean;
}

/** A plan, and how it differs from what is there. */
export interface Prepared {
  plan: InstallPlan;
  comparison: Comparison;
  machine: Machine;
  /** What an earlier installation left word of; never of an imagined machine. */
  record: InstallRecord | undefined;
}

const BY_SUDO =
  "What lies below /Library and launchd's own domain are root's: sudo asks for the password once, and runs nothing but macOS's own programs.";
const NO_WAKE =
  "This machine cannot be woken by its scheduler: jobs that ask for it start when it is awake.";

/** Plans an installation and compares it with the machine. Nothing is written. */
export async function prepareInstall(request: PrepareRequest): Promise<Prepared> {
  const host = request.host ?? ownHost();
  const machine = machineFor(host, request.environment);
  const scope = request.scope ?? defaultScope(host, machine);
  const described = describeHome({ ...request, host, scope, machine });
  const plan = planInstall(host, described, request.nowMs);
  const wantsWake = Object.values(request.home.config.jobs).some(({ power }) => power.wake);
  if (wantsWake && !machine.canWake) plan.remarks.push(NO_WAKE);
  const isBySudo = host === "launchd" && scope === "system" && machine.isThis && !machine.isRoot;
  if (isBySudo) plan.remarks.push(BY_SUDO);
  const isMac = host === "launchd" && process.platform === "darwin";
  if (isMac && request.skipsPower !== true) {
    const { lookAtPower } = await import("./wake/look-at-power.ts");
    const power = await lookAtPower(plan, request.nowMs);
    if (power) plan.power = power.schedule;
    plan.remarks.push(...(power?.remarks ?? []));
  }
  const record = machine.isThis ? await readRecord(machine.appFolder) : undefined;
  return { plan, comparison: await lookAt(plan, record), machine, record };
}
