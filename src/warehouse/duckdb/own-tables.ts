import type { DuckDBConnection } from "@duckdb/node-api";
import { queryRows, sqlName } from "../../system/duckdb.ts";

/** What cbi keeps for itself in the database, by name: its definition and a hash of its content. */
export type OwnTables = ReadonlyMap<string, string>;

/**
 * Reads what the user's SQL must leave as it is: the tables of `predictions` and `cbi`, and the views
 * of the newest forecasts. Content counts as its rows and the sum of their hashes, in whatever order.
 */
export async function readOwnTables(connection: DuckDBConnection): Promise<OwnTables> {
  const found = await queryRows(
    connection,
    `SELECT database_name AS catalog, schema_name AS schema, table_name AS name, sql, true AS is_table
     FROM duckdb_tables() WHERE database_name = current_database() AND schema_name IN ('predictions', 'cbi')
     UNION ALL
     SELECT database_name, schema_name, view_name, sql, false
     FROM duckdb_views() WHERE database_name = current_database() AND schema_name = 'predictions'
       AND starts_with(view_name, 'latest_')`,
  );
  const own = new Map<string, string>();
  for (const { catalog, schema, name, sql, is_table: isTable } of found) {
    const parts = [String(catalog), String(schema), String(name)];
    const content = isTable === true ? await contentOf(connection, parts) : "";
    own.set(`${parts[1]}.${parts[2]}`, `${String(sql)}\n${content}`);
  }
  return own;
}

/** The first of cbi's own tables and views that is not as it was, or is there and was not. */
export function firstChanged(before: OwnTables, after: OwnTables): string | undefined {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].sort().find((name) => before.get(name) !== after.get(name));
}

async function contentOf(connection: DuckDBConnection, parts: readonly string[]): Promise<string> {
  const table = parts.map(sqlName).join(".");
  const [row] = await queryRows(
    connection,
    `SELECT concat(count(*), ' ', sum(CAST(hash(own) AS HUGEINT))) AS content FROM ${table} AS own`,
  );
  return String(row?.["content"]);
}
