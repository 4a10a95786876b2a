import { findHome, loadHome, type Home } from "../config/home.ts";
import { existsSync } from "node:fs";
import path from "node:path";
import { Ledger } from "../ledger/ledger.ts";
import { nearest } from "../config/nearest.ts";
import { findRun, newestRuns, type RunRecord } from "../ledger/runs.ts";
import { recordFile } from "../install/record.ts";
import { appFolder } from "../system/app-folder.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { readTextIfThere } from "../system/files.ts";
import type { CommandContext, CommandInput } from "./command.ts";

/**
 * The home that an invocation is about. One that is missing because its volume is, is told so, and
 * not to be made anew in the volume's place: throws `CBI_VOLUME_MISSING` then. With `isWritten` that is
 * asked also of one that is there, since another disk may be mounted.
 */
export async function homeOf(
  context: CommandContext,
  input: CommandInput,
  { isWritten = false } = {},
): Promise<Home> {
  const { home } = input.options;
  const named = typeof home === "string" ? home : context.environment["CBI_HOME"];
  const root = named ? path.resolve(context.workingDirectory, named) : await findHome(context);
  if (isWritten) await onItsVolume(root, context);
  try {
    return await loaded(context, input);
  } catch (error) {
    if (!isWritten) await onItsVolume(root, context);
    throw error;
  }
}

/** What knows volumes is loaded for an installed home alone: it takes longer than a start of Node. */
async function onItsVolume(root: string, context: CommandContext): Promise<void> {
  const folder = appFolder({ environment: context.environment });
  const record = await readTextIfThere(recordFile(folder)).catch(() => undefined);
  if (record?.includes('"volume"') !== true || !record.includes(JSON.stringify(root))) return;
  const { mustBeOnItsVolume } = await import("../install/home-volume.ts");
  await mustBeOnItsVolume(root, context);
}

async function loaded(context: CommandContext, input: CommandInput): Promise<Home> {
  const { home, asOf, dryRun, plan } = input.options;
  return loadHome({
    environment: context.environment,
    workingDirectory: context.workingDirectory,
    homeOption: typeof home === "string" ? home : undefined,
    options: typeof asOf === "string" ? [{ name: "--as-of", path: ["as_of"], value: asOf }] : [],
    leavesNoTrace: dryRun === true || plan === true,
  });
}

/** The home's ledger; undefined where no run has ever made one, so that reading leaves no trace. */
export function ledgerOf(home: Home): Ledger | undefined {
  return existsSync(home.paths.ledger) ? Ledger.open(home.paths.ledger) : undefined;
}

const RUNS_SEARCHED_MAX = 10_000;

/**
 * The run that was named in full or by a part of its id, or the newest one. Throws a `Failure` of
 * exit code 64 when there is none, or more than one.
 */
export function runNamed(ledger: Ledger | undefined, name: string | undefined): RunRecord {
  const [newest] = ledger ? newestRuns(ledger, { limit: 1 }) : [];
  if (!ledger || !newest)
    throw noRun("there has been no run in this home", "Start one: cbi run nightly");
  if (name === undefined) return newestRun(ledger) ?? newest;
  const exact = findRun(ledger, name);
  if (exact) return exact;
  const runs = newestRuns(ledger, { limit: RUNS_SEARCHED_MAX });
  const matching = runs.filter((run) => run.id.includes(name.toLowerCase()));
  if (matching.length === 1 && matching[0]) return matching[0];
  if (matching.length > 1) {
    throw noRun(`'${name}' fits ${matching.length} runs`, "Type more of the id: cbi history");
  }
  const guess = nearest(
    name,
    runs.map((run) => run.id),
  );
  throw noRun(`there is no run '${name}'`, guess ? `Did you mean ${guess}?` : "See: cbi history");
}

/** The newest run that really ran. */
export function newestRun(ledger: Ledger, job?: string): RunRecord | undefined {
  const states = ["running", "done", "failed", "interrupted"] as const;
  return newestRuns(ledger, { states, limit: 1, ...(job === undefined ? {} : { job }) })[0];
}

function noRun(message: string, remedy: string): Failure {
  return new Failure({ code: "CBI_NO_RUN", message, remedy, exit: ExitCode.usage });
}
