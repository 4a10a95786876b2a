import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { HostedHome } from "../../host/hosted-home.ts";
import type { HostProbe } from "../../host/probe.ts";
import type { RegistrarWorld } from "../../host/registrar.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import { systemRandom } from "../../system/random.ts";
import type { Finding } from "../doctor/check.ts";
import type { HostName } from "../machine.ts";
import { readAnswer, type ProbeAnswer } from "./answer.ts";
import { probeOf } from "./probe-of.ts";

/** What was seen from within a scheduler. */
export interface Inside {
  host: HostName;
  /** Whether the scheduler itself started it; cron's environment is imitated. */
  isInside: boolean;
  /** Undefined when nothing came at all. */
  answer: ProbeAnswer | undefined;
  /** Whether the scheduler started it and it came to its end; with what helps where not. */
  start: Finding;
}

/** Both libraries are loaded and train once, which takes a slow disk a minute after an installation. */
const WAIT_MS = 180_000;
const POLL_MS = 200;
const CLEAR_MS = 60_000;

/** The folder of answers, in which the process that the scheduler starts may write. */
export function probeFolder(appFolder: string): string {
  return path.join(appFolder, "probe");
}

/**
 * Lets the scheduler start `cbi probe` with the environment and the rights of the jobs, waits for its
 * answer for three minutes at most, and takes everything of it away. What fails is in the answer;
 * throws only the signal's reason. The caller holds the lock of the installation.
 */
export async function askInside(
  host: HostName,
  home: HostedHome,
  options: { isOffline: boolean },
  world: RegistrarWorld,
): Promise<Inside> {
  const folder = probeFolder(home.program.appFolder);
  const answer = path.join(folder, `${systemRandom.hex(8)}.json`);
  let probe: HostProbe | undefined;
  try {
    // It is taken away also after Ctrl-C, so its calls have a deadline and not the caller's signal.
    const signal = AbortSignal.timeout(WAIT_MS + CLEAR_MS);
    probe = probeOf(host, home, { answer, ...options }, { ...world, signal });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await probe.start();
    const found = await awaited(probe, answer, world);
    const start = found.end === undefined ? begun(host, probe, found.answer) : broken(host, found);
    return { host, isInside: probe.isInside, answer: found.answer, start };
  } catch (error) {
    if (world.signal.aborted) throw error;
    const start = broken(host, { answer: undefined, end: messageOf(error) });
    const remedy = error instanceof Failure ? error.remedy : undefined;
    return {
      host,
      isInside: true,
      answer: undefined,
      start: { ...start, ...(remedy !== undefined && { remedy }) },
    };
  } finally {
    await probe?.clear().catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

interface Awaited {
  answer: ProbeAnswer | undefined;
  /** Why the answer is not whole; undefined when it is. */
  end: string | undefined;
}

async function awaited(
  probe: HostProbe,
  file: string,
  { clock, signal }: RegistrarWorld,
): Promise<Awaited> {
  const untilMs = clock.monotonic() + WAIT_MS;
  for (;;) {
    // Asked before the answer is read: what ended has written all that it will.
    const ended = await probe.ended();
    const answer = await readAnswer(file);
    if (answer && answer.at === undefined) return { answer, end: undefined };
    const at = answer?.at === undefined ? "" : `, at '${answer.at}'`;
    if (ended !== undefined) return { answer, end: `${ended}${at}` };
    if (clock.monotonic() > untilMs) {
      return { answer, end: `it was not done after ${WAIT_MS / 1000} s${at}` };
    }
    await clock.sleep(POLL_MS, signal);
  }
}

function begun(host: HostName, { isInside }: HostProbe, answer: ProbeAnswer | undefined): Finding {
  const { user, node } = answer ?? { user: "", node: "" };
  const how = isInside
    ? `${host} started a process as ${user}, with Node ${node}`
    : `${host} itself starts nothing on request; with its environment a process ran as ${user}, with Node ${node}`;
  return { name: INSIDE, state: "pass", evidence: how };
}

/** The exit status 78 is launchd's own where it could not open the log or find the program. */
function broken(host: HostName, { end, answer }: Awaited): Finding {
  const what = answer ? "did not come to its end" : "gave no answer";
  return {
    name: INSIDE,
    state: "fail",
    evidence: `a process that ${host} was to start ${what}: ${end}`,
    remedy: LOGS[host],
  };
}

export const INSIDE = "inside";

const LOGS: Readonly<Record<HostName, string>> = {
  launchd: "See ~/Library/Logs/cbi/com.cbi.probe.log, then: cbi doctor",
  systemd: "See journalctl -t cbi-probe (with --user for a user's), then: cbi doctor",
  cron: "Run the job's script in the app folder's cron/ by hand, then: cbi doctor",
  windows: "cbi doctor",
};
