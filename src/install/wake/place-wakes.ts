import { rootBySudo, type Root } from "../../host/root.ts";
import { readSchedule } from "../../host/launchd/pmset/pmset.ts";
import { hasWakeDaemon } from "../../host/launchd/wake/daemon.ts";
import { chooseInstants } from "../../host/launchd/wake/instants.ts";
import { cancelCommand, ourWakes, theirsGone } from "../../host/launchd/wake/our-wakes.ts";
import { WAKE_OWNER } from "../../host/launchd/wake/script.ts";
import { askForWakes, canAskForWakes, instantsSet } from "../../host/launchd/wake/waking.ts";
import type { HostUnit } from "../../host/hosted-home.ts";
import type { RegistrarWorld } from "../../host/registrar.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import type { CommandEnd } from "../../system/run-command.ts";
import type { InstallPlan } from "../plan.ts";
import { thisMac } from "./this-mac.ts";

/** The daemon takes a second or two; what it has not done by then it does within five minutes. */
const SET_MS = 10_000;
const POLL_MS = 250;
/** Of the looks at pmset, which one asks the daemon, and how often again. */
const KICK_LOOK = 2;
const LOOKS_A_KICK = 8;

/** Whether a unit is the daemon that wakes the Mac. */
export function isWakeUnit({ name }: HostUnit): boolean {
  return name === WAKE_OWNER;
}

/** Whether a plan has the daemon that wakes this very Mac. */
function isWoken({ host, home }: InstallPlan): boolean {
  return host === "launchd" && process.platform === "darwin" && hasWakeDaemon(home);
}

/** Writes down when the Mac is to be woken, before launchd is told of who reads it. */
export async function placeWakes(plan: InstallPlan, { clock }: RegistrarWorld): Promise<void> {
  if (!isWoken(plan)) return;
  await askForWakes(thisMac(), duesOf(plan), clock.now());
}

/**
 * Reads back from pmset what the daemon has set, and gives a sentence of it. A daemon that was there already
 * is asked to look now. Never throws: the jobs are installed, and the daemon goes on trying.
 */
export async function readBackWakes(plan: InstallPlan, world: RegistrarWorld): Promise<string[]> {
  if (!isWoken(plan)) return [];
  try {
    const wanted = chooseInstants(duesOf(plan), world.clock.now());
    const set = await settle(wanted, world);
    if (set.missing === 0) return [`pmset has ${wanted.length} wakes of ${WAKE_OWNER}`];
    const why = set.refusal === undefined ? "" : `: ${set.refusal}`;
    return [
      `pmset has ${set.missing} of ${wanted.length} wakes not yet${why}. ${WAKE_OWNER} tries again every five minutes; see cbi doctor`,
    ];
  } catch (error) {
    if (world.signal.aborted) throw error;
    return [`whether the wakes are set is not known: ${messageOf(error)}; see cbi doctor`];
  }
}

async function settle(
  wanted: readonly number[],
  world: RegistrarWorld,
): Promise<{ missing: number; refusal?: string }> {
  const { clock, signal } = world;
  const endMs = clock.monotonic() + SET_MS;
  for (let look = 0; ; look++) {
    const { setMs, refusal } = await instantsSet(thisMac(), clock.now(), signal);
    const missing = wanted.filter((atMs) => !setMs.has(atMs)).length;
    if (missing === 0 || clock.monotonic() > endMs) {
      return { missing, ...(refusal !== undefined && { refusal }) };
    }
    // launchd starts it by itself when it is new to it, and otherwise at its next time.
    if (look % LOOKS_A_KICK === KICK_LOOK) await kick(world);
    await clock.sleep(POLL_MS, signal);
  }
}

function rootOf(world: RegistrarWorld): Root {
  return world.root ?? rootBySudo(world);
}

async function kick(world: RegistrarWorld): Promise<CommandEnd> {
  return rootOf(world).run(["/bin/launchctl", "kickstart", `system/${WAKE_OWNER}`]);
}

function duesOf({ wakes }: InstallPlan): number[] {
  return wakes.map(({ atMs }) => atMs);
}

/**
 * Lets the daemon cancel all wakes that are ours, while it is there still; what it leaves goes by
 * `cancelWakes`.
 */
export async function withdrawWakes(world: RegistrarWorld): Promise<void> {
  const { clock, signal } = world;
  const mac = thisMac();
  // Of an interrupted uninstallation the list may have gone already.
  if (!(await canAskForWakes(mac)) || ourWakes(await readSchedule(signal)).length === 0) return;
  await askForWakes(mac, [], clock.now());
  if ((await kick(world)).exitCode !== 0) return;
  const endMs = clock.monotonic() + SET_MS;
  while (clock.monotonic() < endMs && ourWakes(await readSchedule(signal)).length > 0) {
    await clock.sleep(POLL_MS, signal);
  }
}

/**
 * Cancels the wakes that are ours, one by one, when their daemon is gone, and proves by pmset's own word that
 * none is left and that nothing of anybody else's is gone; gives how many. Throws `CBI_RESIDUE` otherwise.
 */
export async function cancelWakes(world: RegistrarWorld): Promise<number> {
  const { signal } = world;
  const root = rootOf(world);
  const before = await readSchedule(signal);
  const ours = ourWakes(before);
  if (ours.length === 0) return 0;
  // One that has just come is no longer there, and what is still listed at the end decides.
  for (const event of ours) await root.run(cancelCommand(event));
  const after = await readSchedule(signal);
  const left = ourWakes(after).length;
  if (left > 0) throw residue(`${left} of ${ours.length} wakes of ${WAKE_OWNER}`);
  const now = new Date(thisMac().zone.wallAt(world.clock.now())).toISOString().slice(0, 19);
  const [gone] = theirsGone(before, after, now);
  if (gone !== undefined) throw residue(`no longer ${gone}, which cbi did not touch`);
  return ours.length;
}

function residue(what: string): Failure {
  return new Failure({
    code: "CBI_RESIDUE",
    message: `the wakes were cancelled, and pmset still has ${what}`,
    remedy: "See: pmset -g sched; then the same command again",
    exit: ExitCode.failed,
  });
}
