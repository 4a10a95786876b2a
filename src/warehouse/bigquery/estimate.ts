import type { Config } from "../../config/schema.ts";
import { exportSql } from "./export-sql.ts";
import { dryRun } from "./jobs.ts";
import type { BigQueryWorld } from "./open.ts";
import { priceSql } from "./prices.ts";
import { requireTable, tableNames } from "./tables.ts";

/** What one query of a night would process. */
export interface QueryEstimate {
  query: string;
  bytes: number;
}

/**
 * The bytes that the queries of a night as of a day would bill, each at least, by dry runs: free, and an
 * upper bound on clustered tables. Uploads bill a few megabytes more.
 */
export async function estimateNight(
  { session, settings }: BigQueryWorld,
  config: Config,
  asOf: string,
  signal: AbortSignal,
): Promise<QueryEstimate[]> {
  const { rest, location } = session;
  const names = tableNames(config, settings);
  const queries = [{ query: "prices", sql: priceSql(config, settings, asOf) }];
  for (const horizon of Object.keys(config.horizons)) {
    const source = names.training(horizon);
    const { fields } = (await requireTable(rest, source, location, signal)).schema;
    const sql = exportSql(config, settings, { horizon, asOf, source, fields });
    queries.push({ query: `export ${horizon}`, sql });
  }
  const estimates: QueryEstimate[] = [];
  for (const { query, sql } of queries) {
    estimates.push({ query, bytes: (await dryRun(rest, { sql, location, signal })).bytes });
  }
  return estimates;
}
