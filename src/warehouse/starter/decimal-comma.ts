import type { DuckDBConnection } from "@duckdb/node-api";
import { queryRows, sqlName, sqlText } from "../../system/duckdb.ts";
import { describeSource, fileRelation, isParquet } from "../duckdb/sources.ts";
import { isNumber } from "./columns.ts";

/** 1,234 may be a thousand or one and a bit: such values alone prove nothing. */
const GROUPED = String.raw`^[-+]?\d{1,3}(,\d{3})+$`;

/**
 * A comma where a CSV file writes its numbers as 70,25: where commas do not part its columns, and some
 * column is numbers only when they are read so. Undefined for every other file.
 */
export async function decimalCommaOf(
  connection: DuckDBConnection,
  file: string,
): Promise<"," | undefined> {
  if (isParquet(file)) return undefined;
  const pointed = await describeSource(connection, { name: "--from", file });
  if ((await delimiterOf(connection, file)) === ",") return undefined;
  const source = { file, decimal: "," } as const;
  const commaed = await describeSource(connection, { name: "--from", ...source });
  for (const [name, type] of commaed) {
    const isNew = isNumber(type) && pointed.get(name) === "VARCHAR";
    if (isNew && (await hasDecimals(connection, file, name))) return ",";
  }
  return undefined;
}

async function delimiterOf(connection: DuckDBConnection, file: string): Promise<unknown> {
  const [found] = await queryRows(
    connection,
    `SELECT Delimiter AS mark FROM sniff_csv(${sqlText(file)})`,
  );
  return found?.["mark"];
}

async function hasDecimals(
  connection: DuckDBConnection,
  file: string,
  column: string,
): Promise<boolean> {
  const rows = await queryRows(
    connection,
    `SELECT 1 FROM ${fileRelation({ file }, column)}
     WHERE contains(${sqlName(column)}, ',') AND NOT regexp_matches(trim(${sqlName(column)}), ${sqlText(GROUPED)}) LIMIT 1`,
  );
  return rows.length > 0;
}
