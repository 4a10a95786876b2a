import { z } from "zod";
import type { BigQueryRest } from "./rest.ts";
import { tableReference, type TableReference } from "./tables.ts";

/** One statement of a script as its own job tells of it. */
export interface ScriptStatement {
  /** What it wrote to, where BigQuery says so. */
  target: TableReference | undefined;
  /** What it read or wrote. */
  tables: TableReference[];
}

const listSchema = z.object({
  nextPageToken: z.string().nullish(),
  jobs: z
    .array(
      z.object({
        configuration: z.object({
          query: z.object({ destinationTable: tableReference.optional() }).optional(),
        }),
        statistics: z.object({
          query: z
            .object({
              statementType: z.string().default(""),
              ddlTargetTable: tableReference.optional(),
              referencedTables: z.array(tableReference).default([]),
            })
            .optional(),
        }),
      }),
    )
    .default([]),
});
/** Statements that change the one table that they name. */
const ON_ITSELF: ReadonlySet<string> = new Set(["UPDATE", "DELETE", "TRUNCATE_TABLE"]);

/**
 * What the statements of a script did, by its child jobs: a DDL statement names its target, and the
 * destination of a DML statement is the table that it changed
 * (https://cloud.google.com/bigquery/docs/reference/rest/v2/Job).
 */
export async function scriptStatements(
  rest: BigQueryRest,
  parentJobId: string,
  signal: AbortSignal,
): Promise<ScriptStatement[]> {
  const statements: ScriptStatement[] = [];
  let pageToken: string | undefined;
  do {
    const { jobs, nextPageToken } = await rest.call(listSchema, {
      method: "GET",
      path: "jobs",
      query: { parentJobId, projection: "full", ...(pageToken === undefined ? {} : { pageToken }) },
      signal,
    });
    for (const { configuration, statistics } of jobs) {
      const { statementType = "", ddlTargetTable, referencedTables = [] } = statistics.query ?? {};
      const only = ON_ITSELF.has(statementType) && referencedTables.length === 1;
      const target =
        ddlTargetTable ??
        configuration.query?.destinationTable ??
        (only ? referencedTables[0] : undefined);
      statements.push({ target, tables: [...referencedTables, ...(target ? [target] : [])] });
    }
    pageToken = nextPageToken ?? undefined;
  } while (pageToken !== undefined);
  return statements;
}
