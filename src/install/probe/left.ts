import { rm } from "node:fs/promises";
import path from "node:path";
import type { HostedHome } from "../../host/hosted-home.ts";
import type { RegistrarWorld } from "../../host/registrar.ts";
import { exists } from "../../system/files.ts";
import { version } from "../../system/version.ts";
import { programOf } from "../describe-home.ts";
import { machineFor } from "../machine.ts";
import type { InstallRecord } from "../record.ts";
import { probeFolder } from "./ask.ts";
import { probeOf } from "./probe-of.ts";

/**
 * Takes away what a probe of an installation left whose installer was killed; gives whether there was
 * something. The home need not be there any more.
 */
export async function clearLeftProbe(
  record: InstallRecord,
  appFolder: string,
  world: RegistrarWorld,
): Promise<boolean> {
  const folder = probeFolder(appFolder);
  const answer = path.join(folder, "none.json");
  const home = bareHome(record, appFolder, world);
  const left = probeOf(record.host, home, { answer, isOffline: true }, world);
  if (!(await left.isThere()) && !(await exists(folder))) return false;
  await left.clear();
  await rm(folder, { recursive: true, force: true });
  return true;
}

/** As much of a home as decides where a probe of it lies. */
function bareHome(record: InstallRecord, appFolder: string, world: RegistrarWorld): HostedHome {
  const { account, zone, zoneData } = machineFor(record.host, world.environment);
  return {
    root: record.home,
    scope: record.scope,
    account,
    program: programOf(record.host, appFolder),
    environment: {},
    zone,
    zoneData,
    version: version(),
    fromMs: 0,
    throughMs: 0,
    jobs: [],
  };
}
