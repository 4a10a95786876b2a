import type { DuckDBConnection } from "@duckdb/node-api";
import { z } from "zod";
import type { Config } from "../../config/schema.ts";
import type { PriceRow } from "../../evaluation/forecast.ts";
import { queryRows, sqlName, sqlText } from "../../system/duckdb.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import { databaseFailure, firstLine } from "./database.ts";
import { type Source, sourceQuery } from "./sources.ts";

const priceRows = z.array(z.object({ date: z.iso.date(), price: z.number() }));

/**
 * A query with the columns `date` and `price`: the price series up to a day in order of date, blank
 * prices left out. `source` is the file behind `price.table`, read afresh; without one the table is
 * one that the user's SQL makes.
 */
export async function priceQuery(
  connection: DuckDBConnection,
  config: Config,
  source: Source | undefined,
  asOf: string,
): Promise<string> {
  const { table, date, column } = config.price;
  const relation = source ? `(${await sourceQuery(connection, source, asOf)})` : sqlName(table);
  return `SELECT CAST(${sqlName(date)} AS DATE) AS date, CAST(${sqlName(column)} AS DOUBLE) AS price
    FROM ${relation}
    WHERE ${sqlName(column)} IS NOT NULL AND NOT isnan(CAST(${sqlName(column)} AS DOUBLE))
      AND CAST(${sqlName(date)} AS DATE) <= DATE ${sqlText(asOf)}
    ORDER BY date`;
}

/** Runs a price query. */
export async function readPrices(
  connection: DuckDBConnection,
  config: Config,
  query: string,
): Promise<PriceRow[]> {
  try {
    const rows = await queryRows(connection, `SELECT date::VARCHAR AS date, price FROM (${query})`);
    return priceRows.parse(rows);
  } catch (error) {
    if (databaseFailure(error, "") || error instanceof z.ZodError) throw error;
    const { table, date, column } = config.price;
    throw new Failure({
      code: "CBI_PRICE_UNREADABLE",
      message: `the prices should be in the columns '${date}' and '${column}' of ${table}: ${firstLine(messageOf(error))}`,
      remedy:
        "Correct price in cbi.yaml, or the values in the file; for decimal commas write decimal: ',' " +
        "beside the path in warehouse.sources.",
      exit: ExitCode.dataRefused,
      class: "data",
      cause: error,
    });
  }
}
