import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import type { Config } from "../../config/schema.ts";
import { type SqlFile, sqlFiles } from "../sql-files.ts";
import type { Receipt } from "../warehouse.ts";
import {
  assertLeavesOwn,
  changedOwn,
  changedTables,
  ownTables,
  readOwnTables,
} from "./own-tables.ts";
import { runQuery, type Session } from "./query.ts";
import { type ScriptStatement, scriptStatements } from "./script-jobs.ts";
import { shown, sqlText } from "./tables.ts";
import path from "node:path";

/** What a preparation works with. */
export interface PrepareWorld {
  session: Session;
  config: Config;
  settings: BigQuerySettings;
}

/** The user's scripts; none when the configuration names no folder. */
export async function scriptsOf(
  { prepare }: BigQuerySettings,
  trainingData: string,
): Promise<SqlFile[]> {
  return prepare === undefined ? [] : sqlFiles(path.resolve(trainingData, prepare));
}

/**
 * Runs the user's scripts in order of name, in which `as_of` is the day, each behind the cost limit.
 * Scripts that name the table of the forecasts or its views as what they change are refused before any
 * is run; one that changed them by a name that it put together ends the preparation after it.
 */
export async function prepare(
  { session, config, settings }: PrepareWorld,
  scripts: readonly SqlFile[],
  asOf: string,
  signal: AbortSignal,
): Promise<Receipt> {
  signal.throwIfAborted();
  const own = ownTables(config, settings);
  for (const script of scripts) assertLeavesOwn(script, own);
  const { rest } = session;
  const jobs: string[] = [];
  for (const { file, text } of scripts) {
    const beforeMs = rest.clock.now();
    const before = await readOwnTables(rest, own, signal);
    const { jobId } = await runQuery(session, {
      name: `${asOf}-prepare`,
      sql: `DECLARE as_of DATE DEFAULT DATE ${sqlText(asOf)};\n${text}`,
      isRepeatable: false,
      isScript: true,
      signal,
    });
    jobs.push(`${jobId} (${path.basename(file)})`);
    const changed = changedTables(before, await readOwnTables(rest, own, signal));
    const statements = await scriptStatements(rest, jobId, signal);
    const written = writtenByScript(own.map(shown), changed, statements);
    if (written !== undefined) throw changedOwn(file, written, { project: rest.project, beforeMs });
  }
  return { rows: 0, ...session.meter.cost, jobs };
}

/**
 * The first of cbi's own that a script wrote to. Another home may publish to the same table meanwhile, so
 * a table that is not as it was is the script's doing only where one of its statements names it, or none
 * are told.
 */
function writtenByScript(
  own: readonly string[],
  changed: readonly string[],
  statements: readonly ScriptStatement[],
): string | undefined {
  const targets = statements.flatMap(({ target }) => (target ? [shown(target)] : []));
  const named = new Set(statements.flatMap(({ tables }) => tables.map(shown)));
  return (
    own.find((name) => targets.includes(name)) ??
    changed.find((name) => statements.length === 0 || named.has(name))
  );
}
