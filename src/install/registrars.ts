import { crontabRegistrar } from "../host/cron/crontab.ts";
import type { HostScope } from "../host/hosted-home.ts";
import type { Registrar, RegistrarWorld } from "../host/registrar.ts";
import { systemctlRegistrar } from "../host/systemd/systemctl.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import type { HostName } from "./machine.ts";

/**
 * How this machine's scheduler is told. Throws `CBI_HOST_UNSUPPORTED` for one that cannot be told yet,
 * rather than leave half of an installation.
 */
export function registrarOf(host: HostName, scope: HostScope, world: RegistrarWorld): Registrar {
  if (process.platform === "linux") {
    if (host === "systemd") return systemctlRegistrar(scope, world);
    if (host === "cron") return crontabRegistrar(scope, world);
  }
  const isElsewhere = (host === "launchd") !== (process.platform === "darwin");
  throw new Failure({
    code: "CBI_HOST_UNSUPPORTED",
    message: isElsewhere
      ? `this machine has no ${host}`
      : `this version of cbi writes the files for ${host}, and cannot yet install them by itself`,
    remedy: `Write them with: cbi install --dry-run --host ${host} --render DIR; without a scheduler: cbi daemon`,
    exit: ExitCode.failed,
  });
}
