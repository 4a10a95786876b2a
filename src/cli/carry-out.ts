import type { Home } from "../config/home.ts";
import type { Root } from "../host/root.ts";
import { removeOldVersions } from "../install/app/current.ts";
import { runningProgram } from "../install/app/running-program.ts";
import { applyPlan, isInPlace, type Applied, type ApplyWorld } from "../install/apply.ts";
import { mustBeInstallable } from "../install/checks-before.ts";
import { diffLines } from "../install/diff-text.ts";
import { removeLonelyLock, takeInstallLock } from "../install/install-lock.ts";
import { mustBeOnItsVolume } from "../install/home-volume.ts";
import { planJson } from "../install/plan-json.ts";
import type { Prepared } from "../install/prepare.ts";
import { askInside, type Inside } from "../install/probe/ask.ts";
import { clearLeftProbe } from "../install/probe/left.ts";
import { registrarOf } from "../install/registrars.ts";
import { mustNotEndRuns } from "../install/runs-under-way.ts";
import { setUpWorkers, workersMissing } from "../install/set-up-workers.ts";
import { ExitCode } from "../system/exit-code.ts";
import { messageOf } from "../system/failure.ts";
import { singleLine } from "../system/text.ts";
import { volumeOf } from "../system/volume.ts";
import { consents } from "./ask.ts";
import { jsonOption, type CommandContext, type CommandOption } from "./command.ts";
import { provenExit, provenJson, provenLines } from "./show/proven.ts";

export interface CarryOptions {
  yes?: boolean;
  json?: boolean;
  force?: boolean;
  allowProtectedFolder?: boolean;
  noProbe?: boolean;
  noSetup?: boolean;
  moved?: boolean;
  /** Takes root's steps, where root has become the user. */
  root?: Root | undefined;
}

/** Options of every command that carries out a plan. */
export const carryFlags: readonly CommandOption[] = [
  { flags: "--yes", summary: "agree beforehand" },
  { flags: "--force", summary: "even if a run has to be ended for it" },
  { flags: "--no-setup", summary: "do not make the workers' environment where it is missing" },
  { flags: "--no-probe", summary: "do not let the scheduler start a look from within it" },
  {
    flags: "--allow-protected-folder",
    summary: "even if macOS keeps the home closed to what it starts (Documents, iCloud, …)",
  },
  { ...jsonOption, summary: "the plan in JSON, and what came of it" },
];

/**
 * Shows a plan, asks, does it and lets the scheduler prove it; `command` is what is typed for it.
 * Where all is in place already nothing is asked and nothing done.
 */
export async function carryOut(
  context: CommandContext,
  command: string,
  { home, prepared }: { home: Home; prepared: Prepared },
  options: CarryOptions,
): Promise<ExitCode> {
  const { machine, plan, record } = prepared;
  const volume = await volumeOf(home.paths.root, context);
  const hasMoved = record?.volume !== undefined && record.volume.id !== volume?.id;
  if (hasMoved && !options.moved) await mustBeOnItsVolume(home.paths.root, context);
  const world: ApplyWorld = {
    volume,
    environment: context.environment,
    signal: context.signal,
    clock: context.clock,
    source: runningProgram(),
    root: options.root,
    isForced: options.force === true,
    say: (message) => context.remark(message),
  };
  // Whether this host can be told at all comes before what it would take.
  registrarOf(plan.host, plan.home.scope, world);
  mustBeInstallable(prepared, context.environment, {
    allowsProtectedFolder: options.allowProtectedFolder === true,
  });
  if (!hasMoved && (await isInPlace(prepared, world)))
    return leaveInPlace(context, prepared, options, world);
  await mustNotEndRuns(prepared, command, world);
  if (!options.json) showPlan(context, prepared, options);
  const missing = options.noSetup ? undefined : workersMissing(home, context.environment);
  if (missing !== undefined) context.remark(`cbi: ${missing}; it is made first, as by cbi setup`);
  if (!options.yes && !(await consents(context, "Do this?"))) {
    context.remark("nothing was changed");
    return ExitCode.done;
  }
  try {
    return await doIt(context, prepared, { world, isSetUp: missing === undefined }, options);
  } finally {
    removeLonelyLock(machine.appFolder);
  }
}

async function doIt(
  context: CommandContext,
  prepared: Prepared,
  { world, isSetUp }: { world: ApplyWorld; isSetUp: boolean },
  options: CarryOptions,
): Promise<ExitCode> {
  const { host, home } = prepared.plan;
  using lock = takeInstallLock(prepared.machine.appFolder);
  void lock;
  if (!isSetUp) {
    const registrar = registrarOf(host, home.scope, world);
    // The password is asked for while somebody is there; what follows takes minutes.
    await registrar.mustAnswer();
    using rights = registrar.keepRights?.();
    void rights;
    await setUp(context);
  }
  const applied = await applyPlan(prepared, world);
  const inside = options.noProbe
    ? undefined
    : await askInside(host, home, { isOffline: false }, world);
  showEnd(context, prepared, { applied, inside }, options);
  return inside ? provenExit(inside) : ExitCode.done;
}

/** Only what an upgrade had to leave for a run's sake is still to be done. */
async function leaveInPlace(
  context: CommandContext,
  prepared: Prepared,
  { json }: CarryOptions,
  world: ApplyWorld,
): Promise<ExitCode> {
  const { appFolder } = prepared.machine;
  using lock = takeInstallLock(appFolder);
  void lock;
  for (const old of await removeOldVersions(appFolder)) context.remark(`removed version ${old}`);
  const { record } = prepared;
  if (record && (await clearLeftProbe(record, appFolder, world))) {
    context.remark("took away what an interrupted probe had left");
  }
  if (json) showJson(context, prepared, { changed: false });
  else context.write("everything is in place already; nothing was changed\n");
  return ExitCode.done;
}

/** The plan as it is asked about. */
export function showPlan(
  context: CommandContext,
  prepared: Prepared,
  { json }: Pick<CarryOptions, "json">,
): void {
  const { plan, comparison } = prepared;
  if (json) {
    context.write(`${JSON.stringify(planJson(plan, comparison))}\n`);
    return;
  }
  const { home } = plan;
  const whose = home.scope === "system" ? "the machine's" : "the user's";
  context.write(`${whose} ${plan.host}, for ${home.root}, as ${home.account.name}:\n`);
  for (const line of diffLines(comparison)) context.write(`${line}\n`);
  for (const remark of plan.remarks) context.remark(`cbi: ${singleLine(remark)}`);
}

/** Without a network nothing can be fetched; the rest is put in place, and the probe says what is missing. */
async function setUp(context: CommandContext): Promise<void> {
  try {
    await setUpWorkers({ isForced: false }, { ...context, platform: process.platform });
  } catch (error) {
    if (context.signal.aborted) throw error;
    context.remark(`cbi: the workers' environment was not made: ${singleLine(messageOf(error))}`);
  }
}

function showEnd(
  context: CommandContext,
  prepared: Prepared,
  { applied, inside }: { applied: Applied; inside: Inside | undefined },
  { json }: CarryOptions,
): void {
  if (json) {
    const probe = inside ? { probe: provenJson(inside) } : {};
    showJson(context, prepared, { changed: true, ...applied, ...probe });
    return;
  }
  const proven = inside ? provenLines(inside, context) : [];
  for (const line of [...appliedLines(applied), ...proven]) context.write(`${line}\n`);
}

function appliedLines({ version, units, remarks }: Applied): string[] {
  return [
    `installed cbi ${version}, and the scheduler has:`,
    ...units.map(({ name, next }) => `  ${name}${next === undefined ? "" : `, next ${next}`}`),
    ...remarks.map((remark) => `note: ${singleLine(remark)}`),
  ];
}

function showJson(context: CommandContext, { plan, comparison }: Prepared, result: object): void {
  context.write(`${JSON.stringify({ ...planJson(plan, comparison), result })}\n`);
}
