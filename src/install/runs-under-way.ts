import type { RegistrarWorld } from "../host/registrar.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { unitsGone } from "./next-record.ts";
import type { Prepared } from "./prepare.ts";
import { registrarOf } from "./registrars.ts";

/**
 * Refuses what would end a run: launchd learns new times of a job only by forgetting it, and with it
 * ends what it has started. systemd and cron leave a run alone. Nothing is touched before this.
 */
export async function mustNotEndRuns(
  prepared: Prepared,
  command: string,
  world: RegistrarWorld,
): Promise<void> {
  const registrar = registrarOf(prepared.plan.host, prepared.plan.home.scope, world);
  if (!registrar.running || world.isForced === true) return;
  const { plan, comparison } = prepared;
  const changed = new Set(
    comparison.files.filter(({ change }) => change !== "none").map(({ file }) => file.path),
  );
  const units = [...plan.units.filter(({ file }) => changed.has(file)), ...unitsGone(prepared)];
  const running = await registrar.running(units);
  if (running.length === 0) return;
  throw new Failure({
    code: "CBI_RUN_UNDER_WAY",
    message: `${running.join(", ")} is running, and ${plan.host} could learn its new times only by ending it`,
    remedy: `The same command again when it has ended (cbi status), or end it: ${command} --force`,
    exit: ExitCode.lockHeld,
  });
}
