import type { DuckDBConnection } from "@duckdb/node-api";
import type { Config } from "../../config/schema.ts";
import { queryRows, sqlName, sqlText } from "../../system/duckdb.ts";
import { dotted, FORECASTS, latestView } from "../naming.ts";
import { inTransaction } from "./database.ts";

/**
 * Drops the views of the newest forecast of horizons that the configuration no longer has, and
 * returns their names. A horizon of which another symbol has forecasts may be another home's.
 */
export async function dropRetiredViews(
  connection: DuckDBConnection,
  config: Pick<Config, "symbol" | "horizons">,
  signal: AbortSignal,
): Promise<string[]> {
  const present = await queryRows(
    connection,
    `SELECT view_name FROM duckdb_views()
     WHERE database_name = current_database() AND schema_name = ${sqlText(FORECASTS.schema)}`,
  );
  const views = new Set(present.map((row) => String(row["view_name"])));
  if (views.size === 0) return [];
  const published = await queryRows(
    connection,
    `SELECT horizon FROM ${dotted(FORECASTS)} GROUP BY horizon
     HAVING bool_and(symbol = ${sqlText(config.symbol)}) ORDER BY horizon`,
  );
  const retired = published
    .map((row) => String(row["horizon"]))
    .filter((horizon) => !Object.hasOwn(config.horizons, horizon))
    .map(latestView)
    .filter(({ table }) => views.has(table));
  await inTransaction(connection, signal, async () => {
    for (const { schema, table } of retired) {
      await connection.run(`DROP VIEW IF EXISTS ${sqlName(schema)}.${sqlName(table)}`);
    }
  });
  return retired.map(dotted);
}
