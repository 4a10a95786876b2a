import { exists } from "../../system/files.ts";
import { runCommand } from "../../system/run-command.ts";
import type { HostDisk } from "../disk.ts";
import type { HostedHome, HostUnit } from "../hosted-home.ts";
import type { HostProbe, ProbeRequest } from "../probe.ts";
import type { Registrar, RegistrarWorld } from "../registrar.ts";
import { probeFile } from "./launchd-files.ts";
import { PROBE_LABEL } from "./names.ts";
import { parseEnd } from "./print-text.ts";

const CALL_MS = 30_000;

/** A job that launchd starts as it loads it, with the environment and the user of the others. */
export function launchdProbe(
  home: HostedHome,
  request: ProbeRequest,
  domain: string,
  { registrar, disk }: { registrar: Registrar; disk: HostDisk },
  world: RegistrarWorld,
): HostProbe {
  const list = probeFile(home, request);
  const unit: HostUnit = { name: PROBE_LABEL, domain, file: list.path };
  const clear = async (): Promise<void> => {
    await registrar.unregister([unit]);
    await disk.removeFile(list.path);
    await registrar.forgetFiles([unit]);
  };
  return {
    isInside: true,
    async start() {
      await clear();
      await disk.write(list, Buffer.from(list.content));
      await registrar.register([unit], [list], new Set([list.path]));
    },
    async ended() {
      const { stdout } = await runCommand("/bin/launchctl", ["print", `${domain}/${PROBE_LABEL}`], {
        environment: { ...world.environment, LC_ALL: "C" },
        workingDirectory: "/",
        timeoutMs: CALL_MS,
        signal: world.signal,
      });
      const end = parseEnd(stdout);
      return end === undefined ? undefined : `it ended with ${end}`;
    },
    async isThere() {
      const [found] = await registrar.read([unit]);
      return found?.isLoaded === true || (await exists(list.path));
    },
    clear,
  };
}
