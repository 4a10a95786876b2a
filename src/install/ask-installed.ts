import path from "node:path";
import type { Home } from "../config/home.ts";
import { FINGERPRINT_VARIABLE } from "../host/fingerprint.ts";
import type { HostState, ServiceHost, ServiceStart } from "../host/host.ts";
import { printedPid } from "../host/launchd/launchctl.ts";
import { jobLabel } from "../host/launchd/names.ts";
import { requestStart } from "../host/launchd/starts.ts";
import { startKeeper } from "../host/process/process-host.ts";
import { mainPid, startUnit } from "../host/systemd/systemctl.ts";
import { messageOf } from "../system/failure.ts";
import type { HostWorld } from "./installed-host.ts";
import { machineFor } from "./machine.ts";
import { prepareInstall } from "./prepare.ts";
import type { InstallRecord } from "./record.ts";
import { registrarOf } from "./registrars.ts";

/** The scheduler that an installation has told of a home, asked for what it has. */
export function installedHost(home: Home, record: InstallRecord, world: HostWorld): ServiceHost {
  return {
    name: record.host,
    state: (jobs) => stateOf(home, record, jobs, world),
    ...servicesOf(home, record, world),
  };
}

/** Whoever keeps a service is started by the scheduler where that restarts it, else beside us. */
function servicesOf(
  { paths }: Home,
  { host, scope, files }: InstallRecord,
  world: HostWorld,
): Pick<ServiceHost, "startService" | "keeper"> {
  const { environment, clock } = world;
  const hasFile = (name: string): boolean =>
    files.some((file) => path.basename(file.path) === name);
  const beside = (job: string): ServiceStart => startKeeper(paths, environment, job);
  switch (host) {
    case "systemd":
      return {
        async startService(job) {
          if (!hasFile(`cbi-${job}.service`)) return beside(job);
          await startUnit(scope, `cbi-${job}.service`, world);
          return { said: "systemd was asked to start it" };
        },
        async keeper(job) {
          if (!hasFile(`cbi-${job}.service`)) return undefined;
          return { pid: await mainPid(scope, `cbi-${job}.service`, world) };
        },
      };
    case "launchd": {
      const domain = scope === "system" ? "system" : `gui/${process.getuid?.() ?? 0}`;
      return {
        async startService(job) {
          if (!hasFile(`${jobLabel(job)}.plist`)) return beside(job);
          const starts = path.join(machineFor(host, environment).appFolder, "starts");
          const isAsked = await requestStart(starts, job, clock.now());
          return { said: isAsked ? "launchd was asked to start it" : "launchd does not start it" };
        },
        async keeper(job) {
          if (!hasFile(`${jobLabel(job)}.plist`)) return undefined;
          return { pid: await printedPid(domain, jobLabel(job), world) };
        },
      };
    }
    case "cron":
    case "windows":
      return {
        startService: (job) => Promise.resolve(beside(job)),
        keeper: () => Promise.resolve(undefined),
      };
  }
}

async function stateOf(
  home: Home,
  record: InstallRecord,
  jobs: readonly string[],
  world: HostWorld,
): Promise<HostState> {
  const state = { isInUse: true, canWake: false, wakesMs: [] };
  try {
    const units = await registrarOf(record.host, record.scope, world).read(record.units);
    const known = jobs.flatMap((job) => {
      // cron has one unit for all, the others one a job.
      const names = ["crontab", `cbi-${job}.timer`, `com.cbi.${job}`, `\\cbi\\${job}`];
      const unit = units.find(({ name }) => names.includes(name));
      return unit ? [[job, unit] as const] : [];
    });
    const stale = await staleness(home, record, world);
    return { ...state, jobs: new Map(known), ...(stale !== undefined && { stale }) };
  } catch (error) {
    // What cannot be asked must not keep the watchdog from its work.
    const assumed = jobs.map((job) => [job, { isLoaded: true, isEnabled: true }] as const);
    return { ...state, jobs: new Map(assumed), stale: messageOf(error) };
  }
}

/**
 * Why what launchd was told is not what there is now, if it is not: every property list holds the
 * fingerprint that it was made with.
 */
export async function launchdStaleness(
  home: Home,
  { environment, clock }: HostWorld,
): Promise<string | undefined> {
  const told = environment[FINGERPRINT_VARIABLE];
  const now = (["system", "user"] as const).map(async (scope) => {
    const wish = {
      home,
      host: "launchd",
      scope,
      environment,
      nowMs: clock.now(),
      skipsPower: true,
    } as const;
    return (await prepareInstall(wish)).plan.fingerprint;
  });
  try {
    return (await Promise.all(now)).includes(told ?? "") ? undefined : otherTimes("launchd");
  } catch (error) {
    return unsayable("launchd", error);
  }
}

/** Why the scheduler's times are not those of now, if they are not. */
async function staleness(
  home: Home,
  record: InstallRecord,
  { environment, clock }: HostWorld,
): Promise<string | undefined> {
  const { host, scope } = record;
  if (record.state !== "installed") return "an installation was interrupted: cbi upgrade";
  try {
    const { plan } = await prepareInstall({
      home,
      host,
      scope,
      environment,
      nowMs: clock.now(),
      skipsPower: true,
    });
    if (plan.fingerprint === record.fingerprint) return undefined;
    return otherTimes(host);
  } catch (error) {
    return unsayable(host, error);
  }
}

function otherTimes(host: string): string {
  return `${host} was told of other times, another zone or another version than there are now: cbi upgrade`;
}

function unsayable(host: string, error: unknown): string {
  return `what ${host} should be told cannot be said: ${messageOf(error)}`;
}
