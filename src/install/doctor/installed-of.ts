import type { Home } from "../../config/home.ts";
import type { RegistrarWorld } from "../../host/registrar.ts";
import { machineFor, ownHost } from "../machine.ts";
import { prepareInstall } from "../prepare.ts";
import { readRecord } from "../record.ts";
import type { RepairWorld } from "./repairs/repair.ts";

/** The installation of a home beside what it should be now; undefined where it is in no scheduler. */
export async function installedOf(
  home: Home,
  { environment, clock }: RegistrarWorld,
): Promise<RepairWorld["installed"]> {
  const { appFolder } = machineFor(ownHost(), environment);
  const record = await readRecord(appFolder).catch(() => undefined);
  if (record?.home !== home.paths.root) return undefined;
  const { host, scope } = record;
  const prepared = await prepareInstall({ home, host, scope, environment, nowMs: clock.now() });
  return { prepared, record };
}
