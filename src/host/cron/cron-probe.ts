import { runCommand } from "../../system/run-command.ts";
import { homeFingerprint } from "../fingerprint.ts";
import { probeWords, type HostedHome } from "../hosted-home.ts";
import type { HostProbe, ProbeRequest } from "../probe.ts";
import type { RegistrarWorld } from "../registrar.ts";
import { scriptEnvironment } from "./cron-files.ts";

const LONGEST_MS = 600_000;

/**
 * cron starts nothing on request, and nothing sooner than with the next minute. What it would start is
 * started here instead, with the environment that cron(8) gives and the script adds, and no other.
 */
export function cronProbe(
  home: HostedHome,
  request: ProbeRequest,
  world: RegistrarWorld,
): HostProbe {
  const ending = new AbortController();
  let end: string | undefined;
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    const { name, folder } = home.account;
    const given = { LOGNAME: name, HOME: folder, SHELL: "/bin/sh", PATH: "/usr/bin:/bin" };
    const { exitCode } = await runCommand(home.program.node, probeWords(home, request), {
      environment: { ...given, ...scriptEnvironment(home, homeFingerprint(home)) },
      workingDirectory: folder,
      timeoutMs: LONGEST_MS,
      signal: AbortSignal.any([ending.signal, world.signal]),
    });
    end = `it ended with ${exitCode ?? "no exit code"}`;
  };
  return {
    isInside: false,
    start() {
      running = run().catch(() => undefined);
      return Promise.resolve();
    },
    ended: () => Promise.resolve(end),
    isThere: () => Promise.resolve(running !== undefined),
    async clear() {
      ending.abort();
      await running;
    },
  };
}
