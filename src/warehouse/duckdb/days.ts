import type { DuckDBConnection } from "@duckdb/node-api";
import { queryRows, sqlName, sqlText } from "../../system/duckdb.ts";

/** A column of a relation, its type in DuckDB's words. */
export interface TypedColumn {
  /** SQL after FROM. */
  relation: string;
  column: string;
  type: string;
}

// Forms that DuckDB's CSV reader does not take for dates by itself. The first that fits every value
// counts; between day-first and month-first, a year of daily dates leaves only one that fits.
const FORMS = [
  "%Y-%m-%d",
  "%Y%m%d",
  "%Y/%m/%d",
  "%Y.%m.%d",
  "%m/%d/%Y",
  "%d/%m/%Y",
  "%d.%m.%Y",
  "%d-%m-%Y",
  "%m-%d-%Y",
  "%d-%b-%Y",
  "%d %b %Y",
  "%b %d, %Y",
  "%B %d, %Y",
  "%d %B %Y",
  "%d-%b-%y",
  "%m/%d/%y",
  "%Y-%m-%dT%H:%M:%S",
  "%Y-%m-%d %H:%M:%S",
];

/**
 * SQL that gives a column's value as DATE, or undefined when its values are not days in one form.
 * Numbers such as 20251231 count as text; a time of day is cut off, with a zone in UTC.
 */
export async function dayExpression(
  connection: DuckDBConnection,
  { relation, column, type }: TypedColumn,
): Promise<string | undefined> {
  const name = sqlName(column);
  if (type === "DATE") return name;
  if (type.startsWith("TIMESTAMP")) return `CAST(${name} AS DATE)`;
  if (type !== "VARCHAR" && !type.endsWith("INT")) return undefined;
  const text = `CAST(${name} AS VARCHAR)`;
  const misfits = FORMS.map(
    (form, index) =>
      `count(*) FILTER (try_strptime(${text}, ${sqlText(form)}) IS NULL) AS f${index}`,
  );
  const [counts] = await queryRows(
    connection,
    `SELECT count(*) AS n, ${misfits.join(", ")} FROM ${relation} WHERE ${name} IS NOT NULL`,
  );
  const fitting = FORMS.find((_form, index) => counts?.[`f${index}`] === 0);
  if (fitting === undefined || counts?.["n"] === 0) return undefined;
  return `CAST(strptime(${text}, ${sqlText(fitting)}) AS DATE)`;
}
