import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import type { Config } from "../../config/schema.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { canonicalJson } from "../../system/files.ts";
import type { SqlFile } from "../sql-files.ts";
import type { BigQueryRest } from "./rest.ts";
import { sqlTargets } from "./sql-targets.ts";
import { findTable, shown, tableNames, type TableReference } from "./tables.ts";

/** What BigQuery said of cbi's own tables and views before a script, by name. */
export type OwnTables = ReadonlyMap<string, { table: TableReference; state: string }>;

/** The table of the forecasts, and the views of the newest. */
export function ownTables(config: Config, settings: BigQuerySettings): TableReference[] {
  const names = tableNames(config, settings);
  return [names.forecasts, ...Object.keys(config.horizons).map((horizon) => names.latest(horizon))];
}

/** Refuses, before anything is run, a script that says itself that it changes one of them. */
export function assertLeavesOwn({ file, text }: SqlFile, own: readonly TableReference[]): void {
  for (const { parts, line } of sqlTargets(text)) {
    const found = own.find((table) => isNamed(table, parts));
    if (!found) continue;
    const name = shown(found);
    throw new Failure({
      code: "CBI_SQL_NOT_YOURS",
      message: `${file}:${line}: the SQL changes ${parts.length === 1 ? parts[0] : name}, which is cbi's own`,
      remedy:
        "Make tables in datasets of your own; the forecasts may be read. Nothing was changed.",
      exit: ExitCode.configInvalid,
    });
  }
}

/** What BigQuery says of them now. It costs nothing. */
export async function readOwnTables(
  rest: BigQueryRest,
  own: readonly TableReference[],
  signal: AbortSignal,
): Promise<OwnTables> {
  const states = own.map(async (table) => {
    const found = await findTable(rest, table, signal);
    const { type, lastModifiedTime, numRows, numBytes, schema } = found ?? {};
    const state = canonicalJson({ type, lastModifiedTime, numRows, numBytes, schema });
    return [shown(table), { table, state }] as const;
  });
  return new Map(await Promise.all(states));
}

/** The names of those that are not as they were. */
export function changedTables(before: OwnTables, after: OwnTables): string[] {
  return [...before]
    .filter(([name, { state }]) => after.get(name)?.state !== state)
    .map(([name]) => name);
}

/** What a script has done that no text of it showed, with the way back (https://cloud.google.com/bigquery/docs/time-travel). */
export function changedOwn(
  file: string,
  table: string,
  { project, beforeMs }: { project: string; beforeMs: number },
): Failure {
  return new Failure({
    code: "CBI_SQL_NOT_YOURS",
    message: `${file}: the SQL changed ${table}, which is cbi's own`,
    remedy:
      "Make tables in datasets of your own; the forecasts may be read. For a week BigQuery gives the old rows back: " +
      `bq cp -f '${project}:${table}@${beforeMs}' '${project}:${table}'`,
    exit: ExitCode.configInvalid,
  });
}

/** By dataset and table, with or without the project; a dropped dataset takes its tables along. */
function isNamed(table: TableReference, parts: readonly string[]): boolean {
  const own = [table.projectId, table.datasetId, table.tableId];
  const ends = [own, own.slice(1), own.slice(0, 2), own.slice(1, 2)];
  return ends.some(
    (end) => end.length === parts.length && end.every((part, at) => part === parts[at]),
  );
}
