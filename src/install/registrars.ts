import { crontabRegistrar } from "../host/cron/crontab.ts";
import { launchctlRegistrar } from "../host/launchd/launchctl.ts";
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
  const isMac = process.platform === "darwin";
  if (isMac && host === "launchd" && scope === "user") {
    return launchctlRegistrar(`gui/${process.getuid?.() ?? 0}`, world);
  }
  throw new Failure({
    code: "CBI_HOST_UNSUPPORTED",
    ...(isMac && host === "launchd" ? MACHINE_OF_MAC : unsupported(host)),
    exit: ExitCode.failed,
  });
}

const MACHINE_OF_MAC = {
  message:
    "this version of cbi installs on a Mac for the user alone, whose jobs start after a login",
  remedy:
    "Do that: cbi install --user. The machine's files are written by: cbi install --dry-run --render DIR",
};

function unsupported(host: HostName): { message: string; remedy: string } {
  const isElsewhere = (host === "launchd") !== (process.platform === "darwin");
  return {
    message: isElsewhere
      ? `this machine has no ${host}`
      : `this version of cbi writes the files for ${host}, and cannot yet install them by itself`,
    remedy: `Write them with: cbi install --dry-run --host ${host} --render DIR; without a scheduler: cbi daemon`,
  };
}
