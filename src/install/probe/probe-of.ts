import { cronProbe } from "../../host/cron/cron-probe.ts";
import type { HostedHome } from "../../host/hosted-home.ts";
import { launchdProbe } from "../../host/launchd/launchd-probe.ts";
import type { HostProbe, ProbeRequest } from "../../host/probe.ts";
import type { RegistrarWorld } from "../../host/registrar.ts";
import { systemdProbe } from "../../host/systemd/systemd-probe.ts";
import { windowsProbe } from "../../host/windows/windows-probe.ts";
import type { HostName } from "../machine.ts";
import { diskOf, registrarOf, rooted } from "../registrars.ts";

/** How this machine's scheduler is let start a probe. Throws `CBI_HOST_UNSUPPORTED` where it cannot be told. */
export function probeOf(
  host: HostName,
  home: HostedHome,
  request: ProbeRequest,
  world: RegistrarWorld,
): HostProbe {
  const registrar = registrarOf(host, home.scope, world);
  if (host === "cron") return cronProbe(home, request, world);
  const { scope, program } = home;
  const disk = diskOf({ host, scope, appFolder: program.appFolder }, world);
  if (host === "systemd") return systemdProbe(home, request, disk, rooted(scope, world));
  if (host === "windows") return windowsProbe(home, request, disk, world);
  const domain = scope === "system" ? "system" : `gui/${process.getuid?.() ?? 0}`;
  return launchdProbe(home, request, domain, { registrar, disk }, world);
}
