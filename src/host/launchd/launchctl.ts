import { zoneNamed } from "../../schedule/zone.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import type { HostUnit } from "../hosted-home.ts";
import type { RegisteredUnit, Registrar, RegistrarWorld } from "../registrar.ts";
import { LaunchctlDomain } from "./launchctl-domain.ts";
import { WATCHDOG_LABEL } from "./names.ts";
import { nextRing } from "./next-ring.ts";
import { isAtWork, type PrintedService } from "./print-text.ts";
import type { Root } from "../root.ts";
import { differences, readTold } from "./told.ts";
import { WAKE_OWNER } from "./wake/script.ts";

const POLL_MS = 100;
/** launchd waits ExitTimeOut between TERM and KILL, which a job may have long; then it is gone so soon. */
const GONE_MS = 120_000;
const KILLED_MS = 30_000;
const LOOK_MS = 30_000;
const ATTEMPTS = 3;
const RETRY_MS = 2_000;

export interface LaunchctlOptions {
  /** For a domain that only root may change. */
  root?: Root;
  /** Where launchctl is, which a test may have elsewhere. */
  program?: string;
}

/**
 * A domain of launchd, by launchctl(1) with its modern verbs; the old `load` exits with 0 whatever
 * happened. A service that has changed is booted out, awaited until launchd no longer knows it, and
 * bootstrapped again, since nothing else makes it read the list. Everyone may read the system domain, and
 * only root may change it.
 */
export function launchctlRegistrar(
  domain: string,
  world: RegistrarWorld,
  options: LaunchctlOptions = {},
): Registrar {
  const launchd = new LaunchctlDomain(domain, world, options);
  const { root } = options;
  return {
    async mustAnswer() {
      await launchd.disabled();
      await root?.allow();
    },
    ...(root && { keepRights: () => root.keepAllowed() }),
    async register(units, _files, changed) {
      const disabled = await launchd.disabled();
      for (const unit of units) {
        const isAsTold = await hasAsTold(launchd, unit);
        if (isAsTold && !changed.has(unit.file)) {
          if (disabled.has(unit.name)) await launchd.enable(unit.name);
        } else await load(launchd, unit, world);
      }
    },
    async unregister(units) {
      for (const { name } of units) await unload(launchd, name, world);
    },
    async forgetFiles(units) {
      // A label stays disabled over the removal of its list, and no verb forgets it.
      const disabled = await launchd.disabled();
      for (const { name } of units) if (disabled.has(name)) await launchd.enable(name);
    },
    async read(units) {
      const disabled = await launchd.disabled();
      const found = units.map(async (unit) => registered(unit, await launchd.print(unit.name)));
      const nowMs = world.clock.now();
      return (await Promise.all(found)).map(({ rings, ...unit }) => {
        return { ...unit, isEnabled: !disabled.has(unit.name), next: ringText(rings, nowMs) };
      });
    },
    async running(units) {
      const found = units.map(async ({ name }) => {
        const printed = await settled(launchd, name, world);
        return printed && isAtWork(printed) ? [name] : [];
      });
      return (await Promise.all(found)).flat();
    },
  };
}

/** The process of a job that is under way; undefined while there is none, or when launchd does not say. */
export async function printedPid(
  domain: string,
  label: string,
  world: RegistrarWorld,
): Promise<number | undefined> {
  const launchd = new LaunchctlDomain(domain, world, {});
  return (await launchd.print(label).catch(() => undefined))?.pid;
}

async function hasAsTold(launchd: LaunchctlDomain, unit: HostUnit): Promise<boolean> {
  const { isLoaded, differs } = await registered(unit, await launchd.print(unit.name));
  return isLoaded && differs === undefined;
}

type Known = Omit<RegisteredUnit, "isEnabled" | "next"> & { rings: PrintedService["calendar"] };

async function registered(
  { name, file }: HostUnit,
  printed: PrintedService | undefined,
): Promise<Known> {
  if (!printed) return { name, isLoaded: false, rings: [] };
  const told = await readTold(file);
  const differs = told ? differences(printed, told) : [];
  if (printed.path !== file) differs.unshift("path");
  return {
    name,
    isLoaded: printed.path === file,
    isRunning: isAtWork(printed),
    ...(printed.lastEnd !== undefined && { lastEnd: printed.lastEnd }),
    ...(differs.length > 0 && { differs }),
    rings: printed.calendar,
  };
}

function ringText(rings: PrintedService["calendar"], nowMs: number): string | undefined {
  const zone = zoneNamed(new Intl.DateTimeFormat("en").resolvedOptions().timeZone);
  const nextMs = zone && nextRing(rings, zone, nowMs);
  if (!zone || nextMs === undefined) return undefined;
  return new Date(zone.wallAt(nextMs)).toISOString().slice(0, 16).replace("T", " ");
}

/** The order is law: gone before it comes again, and enabled before, or a bootstrap is refused. */
async function load(
  launchd: LaunchctlDomain,
  unit: HostUnit,
  world: RegistrarWorld,
): Promise<void> {
  const { name, file } = unit;
  const printed = await settled(launchd, name, world);
  if (printed && isAtWork(printed) && world.isForced !== true) throw underWay(name);
  if (printed) await unload(launchd, name, world);
  await launchd.enable(name);
  for (let attempt = 1; ; attempt++) {
    const { outcome, failure } = await launchd.bootstrap(file);
    if (outcome === "done") return;
    // The same code means loaded already, still going, or a bad list: what it has now decides.
    const isAmbiguous = outcome === "ambiguous" || outcome === "no-answer";
    if (isAmbiguous && (await hasAsTold(launchd, unit))) return;
    if (!isAmbiguous || attempt >= ATTEMPTS) throw failure;
    await world.clock.sleep(RETRY_MS, world.signal);
  }
}

/** These only look, which is over in seconds. */
const LOOKING: readonly string[] = [WATCHDOG_LABEL, WAKE_OWNER];

/** What launchd has of a service. A look is waited for. */
async function settled(
  launchd: LaunchctlDomain,
  label: string,
  { clock, signal }: RegistrarWorld,
): Promise<PrintedService | undefined> {
  const endMs = clock.monotonic() + (LOOKING.includes(label) ? LOOK_MS : 0);
  for (;;) {
    const printed = await launchd.print(label);
    if (!printed || !isAtWork(printed) || clock.monotonic() >= endMs) return printed;
    await clock.sleep(POLL_MS, signal);
  }
}

/** Returns when launchd no longer knows the label; a bootout itself only begins. */
async function unload(
  launchd: LaunchctlDomain,
  label: string,
  { clock, signal }: RegistrarWorld,
): Promise<void> {
  await launchd.bootout(label);
  const beganMs = clock.monotonic();
  for (;;) {
    const printed = await launchd.print(label);
    if (!printed) return;
    const goneMs = Math.max(GONE_MS, (printed.exitSeconds ?? 0) * 1000 + KILLED_MS);
    if (clock.monotonic() > beganMs + goneMs) throw lingering(label, goneMs);
    await clock.sleep(POLL_MS, signal);
  }
}

function underWay(label: string): Failure {
  return new Failure({
    code: "CBI_RUN_UNDER_WAY",
    message: `${label} is running, and launchd could learn its new times only by ending it`,
    remedy: "The same command again when it has ended (cbi status), or with --force",
    exit: ExitCode.lockHeld,
  });
}

function lingering(label: string, afterMs: number): Failure {
  return new Failure({
    code: "CBI_HOST_REFUSED",
    message: `launchd still ends ${label} after ${afterMs / 1000} s`,
    remedy: "The same command again goes on",
    exit: ExitCode.failed,
  });
}
