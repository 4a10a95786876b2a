import type { Home } from "../config/home.ts";
import type { ServiceHost } from "../host/host.ts";
import { launchdHost } from "../host/launchd/launchd-host.ts";
import { processHost } from "../host/process/process-host.ts";
import type { JobWorld } from "../jobs/ports.ts";
import { machineFor, ownHost } from "./machine.ts";
import { readRecord, type InstallRecord } from "./record.ts";

export type HostWorld = Pick<JobWorld, "clock" | "environment" | "signal">;

/**
 * The host that a home relies on: launchd for what launchd has started, the scheduler that `cbi install`
 * has told of the home, or else the resident mode.
 */
export async function hostOf(home: Home, world: HostWorld): Promise<ServiceHost> {
  const host = await schedulerOf(home, world);
  if (host.name !== "launchd" || process.platform !== "darwin") return host;
  const { withWakes } = await import("./wake/this-mac.ts");
  return withWakes(host, world);
}

async function schedulerOf(home: Home, world: HostWorld): Promise<ServiceHost> {
  const { environment, clock } = world;
  const starts = environment["CBI_STARTS"];
  if (environment["CBI_HOST"] === "launchd" && starts) {
    const { launchdStaleness } = await import("./ask-installed.ts");
    return launchdHost(starts, clock, () => launchdStaleness(home, world));
  }
  const record = await recordFor(home, environment);
  if (!record) return processHost(home.paths, clock, environment);
  // Only a home that is installed needs what plans and speaks to schedulers.
  const { installedHost } = await import("./ask-installed.ts");
  return installedHost(home, record, world);
}

async function recordFor(
  home: Home,
  environment: HostWorld["environment"],
): Promise<InstallRecord | undefined> {
  const { appFolder } = machineFor(ownHost(), environment);
  const record = await readRecord(appFolder).catch(() => undefined);
  return record?.home === home.paths.root ? record : undefined;
}
