import type { Host } from "../../host/host.ts";
import { MAC_TOOLS } from "../../host/launchd/pmset/pmset.ts";
import { WAKE_PATHS } from "../../host/launchd/wake/daemon.ts";
import { wakingHost } from "../../host/launchd/wake/waking-host.ts";
import { canAskForWakes, type WakingMac } from "../../host/launchd/wake/waking.ts";
import type { HostWorld } from "../installed-host.ts";
import { ownZone } from "../machine.ts";

export function thisMac(): WakingMac {
  return { paths: WAKE_PATHS, tools: MAC_TOOLS, zone: ownZone().zone };
}

/** launchd with the Mac's wakes, where an installation has put their daemon in place. */
export async function withWakes<H extends Host>(host: H, world: HostWorld): Promise<H> {
  const mac = thisMac();
  return (await canAskForWakes(mac)) ? wakingHost(host, mac, world) : host;
}
