import { exists } from "../../system/files.ts";
import type { HostDisk } from "../disk.ts";
import type { HostedHome } from "../hosted-home.ts";
import type { HostProbe, ProbeRequest } from "../probe.ts";
import type { RegistrarWorld } from "../registrar.ts";
import { TaskScheduler } from "./task-scheduler.ts";
import { probeTask } from "./windows-files.ts";

/** A task that Windows starts once, with the environment and the user of the jobs. */
export function windowsProbe(
  home: HostedHome,
  request: ProbeRequest,
  disk: HostDisk,
  world: RegistrarWorld,
): HostProbe {
  const { file, name } = probeTask(home, request);
  const scheduler = new TaskScheduler(world);
  return {
    isInside: true,
    async start() {
      await disk.write(file, Buffer.from(`\uFEFF${file.content}`, "utf16le"));
      await scheduler.create(name, file.path);
      await scheduler.run(name);
    },
    async ended() {
      const result = await scheduler.lastResult(name);
      return result === undefined ? undefined : `it ended with ${result}`;
    },
    isThere: async () => exists(file.path),
    async clear() {
      await scheduler.end(name);
      await scheduler.delete(name);
      await disk.removeFile(file.path);
    },
  };
}
