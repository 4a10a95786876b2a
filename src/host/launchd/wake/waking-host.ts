import type { Clock } from "../../../system/clock.ts";
import { messageOf } from "../../../system/failure.ts";
import { runCommand } from "../../../system/run-command.ts";
import type { Host, HostState, WakeAsked, WakeMet } from "../../host.ts";
import { readPowerLog } from "../pmset/pmset.ts";
import { isWakeWell, judgeWake } from "./judge-wake.ts";
import { askForWakes, wakesSet, type WakesSet, type WakingMac } from "./waking.ts";

interface WakingWorld {
  clock: Clock;
  signal: AbortSignal;
}

const FDESETUP_MS = 30_000;

/**
 * A host whose machine can be woken, by the daemon that an installation has put in place: it tells when, takes
 * wishes, and finds out from the Mac's own log what came of them.
 */
export function wakingHost<H extends Host>(host: H, mac: WakingMac, world: WakingWorld): H {
  const { clock, signal } = world;
  return {
    ...host,
    async state(jobs: readonly string[]): Promise<HostState> {
      const state = await host.state(jobs);
      const { refusal, ...wakes } = await wakesOrWhyNot(mac, clock.now(), signal);
      return {
        ...state,
        canWake: true,
        ...wakes,
        ...(refusal !== undefined && { wakeRefusal: refusal }),
      };
    },
    setWakes: async (duesMs: Iterable<number>) => askForWakes(mac, duesMs, clock.now()),
    judgeWakes: async (asked: readonly WakeAsked[]) => judgeAll(asked, mac, signal),
  };
}

/** A pmset that does not answer must keep nobody from what else they ask. */
async function wakesOrWhyNot(
  mac: WakingMac,
  nowMs: number,
  signal: AbortSignal,
): Promise<WakesSet> {
  try {
    return await wakesSet(mac, nowMs, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { wakesMs: [], refusal: `whether one is set is not known: ${messageOf(error)}` };
  }
}

async function judgeAll(
  asked: readonly WakeAsked[],
  { tools }: WakingMac,
  signal: AbortSignal,
): Promise<WakeMet[]> {
  if (asked.length === 0) return [];
  const moments = await readPowerLog(signal, tools);
  const isFileVaultOn = await fileVault(tools.fdesetup, signal);
  return asked.map((one) => {
    const judged = judgeWake({ ...one, moments, isFileVaultOn });
    return { ...judged, isWell: isWakeWell(judged.state) };
  });
}

/** `fdesetup isactive` prints `true` or `false` (fdesetup(8)); undefined when it says neither. */
async function fileVault(fdesetup: string, signal: AbortSignal): Promise<boolean | undefined> {
  const { stdout } = await runCommand(fdesetup, ["isactive"], {
    environment: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" },
    workingDirectory: "/",
    timeoutMs: FDESETUP_MS,
    signal,
  });
  const said = stdout.trim();
  return said === "true" ? true : said === "false" ? false : undefined;
}
