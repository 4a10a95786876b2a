import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import type { Config } from "../../config/schema.ts";
import { canonicalJson, hashText } from "../../system/files.ts";
import { dryRun } from "./jobs.ts";
import type { Session } from "./query.ts";
import { findTable, sqlTable, type Table, tableNames } from "./tables.ts";

// Raised when this adapter makes other exports from the same tables.
const ADAPTER_VERSION = 1;

/**
 * A hash of all that decides what the exports of a day hold: when each table was last modified, its
 * rows, bytes and columns, those of the tables behind a view, and the configuration. Nothing is read.
 */
export async function inputFingerprint(
  session: Session,
  config: Config,
  settings: BigQuerySettings,
  asOf: string,
  sql: unknown,
  signal: AbortSignal,
): Promise<string> {
  const names = tableNames(config, settings);
  const wanted = [
    ...Object.keys(config.horizons).map((horizon) => names.training(horizon)),
    names.price,
  ];
  const tables = await Promise.all(
    wanted.map(async (name) => {
      const table = await findTable(session.rest, name, signal);
      if (table === undefined || table.type === "TABLE") return [name, state(table)];
      const { rest, location } = session;
      const query = `SELECT * FROM ${sqlTable(name)}`;
      const behind = (await dryRun(rest, { sql: query, location, signal })).tables;
      const states = await Promise.all(
        behind.map(async (part) => [part, state(await findTable(rest, part, signal))]),
      );
      return [name, state(table), states];
    }),
  );
  const { symbol, price, horizons } = config;
  const { columns } = settings;
  return hashText(
    canonicalJson({
      version: ADAPTER_VERSION,
      asOf,
      symbol,
      price,
      horizons,
      columns,
      tables,
      sql,
    }),
  );
}

function state(table: Table | undefined): unknown {
  if (table === undefined) return null;
  const { lastModifiedTime, numRows, numBytes, schema, streamingBuffer, type } = table;
  return { type, lastModifiedTime, numRows, numBytes, schema, streamingBuffer };
}
