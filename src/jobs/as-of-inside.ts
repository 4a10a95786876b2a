import { isDay, type Day } from "../schedule/day.ts";
import { parseInstant } from "../schedule/instant.ts";
import { dayOfWall } from "../schedule/wall.ts";
import type { Zone } from "../schedule/zone.ts";
import { queryRows, sqlName, sqlText, withDuckdb } from "../system/duckdb.ts";
import { messageOf } from "../system/failure.ts";
import { readBytes } from "../system/read-bytes.ts";
import { singleLine } from "../system/text.ts";
import { valueAt } from "../config/key-path.ts";

/** Where a file says of which day it is, and how many rows it has; each only where it was asked. */
export type InsideReading =
  | { day: Day | undefined; rows: number | undefined }
  | { problem: string };

const JSON_BYTES_MAX = 64 * 1024 * 1024;
/** Of texts with different offsets the greatest is not always the latest; among so many it is. */
const NEWEST_TEXTS = 200;

/**
 * The day under a key of a JSON file, such as `meta.date`. A date counts as it stands, a time as the day
 * that it is in the zone.
 */
export async function readJsonDay(file: string, key: string, zone: Zone): Promise<InsideReading> {
  const read = await readBytes(file, JSON_BYTES_MAX);
  if (read.kind !== "bytes") return { problem: `it cannot be read (${read.kind})` };
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(read.bytes).toString("utf8"));
  } catch (error) {
    return { problem: `it is no JSON: ${singleLine(messageOf(error), 120)}` };
  }
  const found = valueAt(value, [key]) ?? valueAt(value, key.split("."));
  if (found === undefined) return { problem: `it has no key ${key}` };
  const day = typeof found === "string" ? dayOf(found, zone) : undefined;
  if (day !== undefined) return { day, rows: undefined };
  return { problem: `expected a date under ${key}, got ${singleLine(JSON.stringify(found), 60)}` };
}

/**
 * The newest day in a column of a CSV or Parquet file and the count of its rows. Without a column only
 * the rows are counted. Every value must be a date or a time; a text without either is a problem.
 */
export async function readTable(
  file: string,
  column: string | undefined,
  zone: Zone,
): Promise<InsideReading> {
  const isParquet = file.toLowerCase().endsWith(".parquet");
  const source = isParquet
    ? `read_parquet(${sqlText(file)})`
    : `read_csv(${sqlText(file)}, header = true, all_varchar = true)`;
  try {
    return await withDuckdb({ file: ":memory:", threads: 1 }, async (connection) => {
      const [counted] = await queryRows(connection, `SELECT count(*) AS rows FROM ${source}`);
      const rows = Number(counted?.["rows"]);
      if (column === undefined) return { day: undefined, rows };
      const text = `trim(CAST(${sqlName(column)} AS VARCHAR))`;
      const found = await queryRows(
        connection,
        `SELECT DISTINCT ${text} AS text FROM ${source} WHERE ${text} <> '' AND ${text} LIKE '____-__-__%'
         ORDER BY text DESC LIMIT ${NEWEST_TEXTS}`,
      );
      const [odd] = await queryRows(
        connection,
        `SELECT ${text} AS text FROM ${source} WHERE coalesce(${text}, '') NOT LIKE '____-__-__%' LIMIT 1`,
      );
      if (odd) return { problem: noDate(column, odd["text"]) };
      return newestOf(
        found.map((row) => String(row["text"])),
        column,
        rows,
        zone,
      );
    });
  } catch (error) {
    return { problem: `it cannot be read as a table: ${singleLine(messageOf(error), 200)}` };
  }
}

function newestOf(texts: string[], column: string, rows: number, zone: Zone): InsideReading {
  const days: Day[] = [];
  for (const text of texts) {
    const day = dayOf(text, zone);
    if (day === undefined) return { problem: noDate(column, text) };
    days.push(day);
  }
  const day = days.sort().at(-1);
  return day === undefined ? { problem: `it has no rows, so no ${column}` } : { day, rows };
}

function noDate(column: string, value: unknown): string {
  const shown = typeof value === "string" ? singleLine(value, 40) : "";
  return `expected a date in every row of ${column}, got '${shown}'`;
}

function dayOf(text: string, zone: Zone): Day | undefined {
  if (isDay(text)) return text;
  const written = parseInstant(text, zone);
  return written && dayOfWall(zone.wallAt(written.atMs));
}
