import { z } from "zod";
import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import type { Config } from "../../config/schema.ts";
import type { PriceRow } from "../../evaluation/forecast.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { isFailure, NOT_FOUND, QUERY_REFUSED } from "./errors.ts";
import { queryObjects, type Session } from "./query.ts";
import { requireTable, shown, sqlName, sqlTable, sqlText, tableNames } from "./tables.ts";

const priceRows = z.array(z.object({ date: z.iso.date(), price: z.coerce.number() }));

/** A query with the columns `date` and `price`: the series up to a day, blank prices left out. */
export function priceSql(config: Config, settings: BigQuerySettings, asOf: string): string {
  const { date, column } = config.price;
  const day = `CAST(${sqlName(date)} AS DATE)`;
  const price = `CAST(${sqlName(column)} AS FLOAT64)`;
  const { price_symbol: symbol } = settings.columns;
  const isOurs = symbol === undefined ? "" : ` AND ${sqlName(symbol)} = ${sqlText(config.symbol)}`;
  return (
    `SELECT ${day} AS date, ${price} AS price FROM ${sqlTable(tableNames(config, settings).price)} ` +
    `WHERE ${price} IS NOT NULL AND NOT IS_NAN(${price}) AND ${day} <= DATE ${sqlText(asOf)}${isOurs}`
  );
}

/** The price series up to a day, in order. */
export async function readPrices(
  session: Session,
  config: Config,
  settings: BigQuerySettings,
  asOf: string,
  signal: AbortSignal,
): Promise<PriceRow[]> {
  const table = tableNames(config, settings).price;
  const sql = `${priceSql(config, settings, asOf)} ORDER BY date`;
  try {
    const { rows } = await queryObjects(session, { name: "prices", sql, signal });
    return priceRows.parse(rows);
  } catch (error) {
    if (isFailure(error, NOT_FOUND)) {
      // Says which part is not there, or elsewhere.
      await requireTable(session.rest, table, session.location, signal);
    }
    if (!isFailure(error, QUERY_REFUSED) && !(error instanceof z.ZodError)) throw error;
    const { date, column } = config.price;
    throw new Failure({
      code: "CBI_PRICE_UNREADABLE",
      message: `the prices should be in the columns '${date}' and '${column}' of ${shown(table)}: ${error.message}`,
      remedy: "Correct price or warehouse.tables.price in cbi.yaml, or the values in the table.",
      exit: ExitCode.dataRefused,
      class: "data",
      cause: error,
    });
  }
}
