import type { HostUnit } from "../../../host/hosted-home.ts";
import { exists } from "../../../system/files.ts";
import { registrarOf } from "../../registrars.ts";
import type { Repair } from "./repair.ts";

/**
 * Units that the scheduler has forgotten or has otherwise, or that somebody stopped, while their files are as they should
 * be. Where files differ, an upgrade is what helps.
 */
export const units: Repair = async ({ installed, ...world }) => {
  if (!installed) return [];
  const { plan, comparison } = installed.prepared;
  const isAsPlanned = comparison.files.every(
    ({ change }) => change === "none" || change === "chmod",
  );
  if (!isAsPlanned) return [];
  const registrar = registrarOf(plan.host, plan.home.scope, world);
  const found = await registrar.read(plan.units);
  const lost = new Set(
    found
      .filter(({ isLoaded, isEnabled, differs }) => !isLoaded || !isEnabled || differs)
      .map(({ name }) => name),
  );
  const again: HostUnit[] = [];
  for (const unit of plan.units) {
    if (lost.has(unit.name) && (await exists(unit.file))) again.push(unit);
  }
  if (again.length === 0) return [];
  const names = again.map(({ name }) => name).join(", ");
  return [
    {
      what: `tell ${plan.host} again of ${names}`,
      async mend() {
        // Where that is root's to do, this asks for the password.
        await registrar.mustAnswer();
        await registrar.register(again, plan.files, new Set());
      },
    },
  ];
};
