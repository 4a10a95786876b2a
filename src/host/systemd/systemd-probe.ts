import { exists } from "../../system/files.ts";
import type { HostDisk } from "../disk.ts";
import type { HostedHome } from "../hosted-home.ts";
import type { HostProbe, ProbeRequest } from "../probe.ts";
import type { RegistrarWorld } from "../registrar.ts";
import { refused, runtimeFolder, systemctl } from "./systemctl.ts";
import { PROBE_UNIT, probeUnit } from "./systemd-files.ts";

const SHOWN = "ActiveState,Result,ExecMainStatus";

/** A service that systemd starts once, with the environment and the user of the jobs. */
export function systemdProbe(
  home: HostedHome,
  request: ProbeRequest,
  disk: HostDisk,
  world: RegistrarWorld,
): HostProbe {
  const unit = probeUnit(home, request, runtimeFolder(home.scope, world.environment));
  const call = async (...words: string[]) => systemctl(home.scope, world, words);
  return {
    isInside: true,
    async start() {
      await disk.write(unit, Buffer.from(unit.content));
      for (const words of [["daemon-reload"], ["start", PROBE_UNIT]]) {
        const end = await call(...words);
        if (end.exitCode !== 0) throw refused(words, end);
      }
    },
    async ended() {
      const { stdout } = await call("show", `--property=${SHOWN}`, PROBE_UNIT);
      const shown = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(stdout)?.[1];
      const state = shown("ActiveState");
      if (state !== "inactive" && state !== "failed") return undefined;
      return `it ended with ${shown("ExecMainStatus")} (${shown("Result")})`;
    },
    isThere: async () => exists(unit.path),
    async clear() {
      await call("stop", PROBE_UNIT);
      await disk.removeFile(unit.path);
      await call("daemon-reload");
      await call("reset-failed", PROBE_UNIT);
    },
  };
}
