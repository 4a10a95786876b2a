import type { DuckDBConnection } from "@duckdb/node-api";
import { queryRows, sqlName, sqlText } from "../../system/duckdb.ts";

/** A column of a relation, its type in DuckDB's words. */
export interface TypedColumn {
  /** SQL after FROM. */
  relation: string;
  column: string;
  type: string;
}

// In the words of strptime. DuckDB's own reader guesses forms too, but settles 05/06/07 silently.
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
  "%m/%d/%y",
  "%d/%m/%y",
  "%d.%m.%y",
  "%d-%b-%Y",
  "%d-%b-%y",
  "%d %b %Y",
  "%b %d, %Y",
  "%B %d, %Y",
  "%d %B %Y",
  "%m/%d/%Y %H:%M:%S",
  "%m/%d/%Y %H:%M",
  "%d.%m.%Y %H:%M:%S",
];

// The name that a day's text has in our queries.
const TEXT = "day_as_text";

/**
 * SQL that gives a column's value as DATE, or undefined when its values are not days in one form
 * that leaves no doubt: 01/02/2024 alone may be two days, with 01/31/2024 beside it only one. Text
 * and whole numbers such as 20251231 are read by form; a time of day is cut off, in UTC where the
 * type is a moment and as written where it is text.
 */
export async function dayExpression(
  connection: DuckDBConnection,
  { relation, column, type }: TypedColumn,
): Promise<string | undefined> {
  const name = sqlName(column);
  if (type === "DATE") return name;
  if (type.startsWith("TIMESTAMP")) return `CAST(${name} AS DATE)`;
  if (type !== "VARCHAR" && !type.endsWith("INT")) return undefined;
  const present = `SELECT CAST(${name} AS VARCHAR) AS ${TEXT} FROM ${relation} WHERE ${name} IS NOT NULL`;
  // A few rows rule most forms out, so that only one or two are tried on all of them.
  const candidates = await fitting(connection, `${present} LIMIT 100`, readings(TEXT));
  const fits = await fitting(connection, present, candidates);
  const [first] = fits;
  if (first === undefined || (await differ(connection, present, fits))) return undefined;
  return first.replaceAll(TEXT, `CAST(${name} AS VARCHAR)`);
}

/** Expressions over a text, each null where its form does not fit. */
function readings(text: string): string[] {
  const isoWithTime = `CASE WHEN regexp_matches(${text}, '^\\d{4}-\\d{2}-\\d{2}[T ]\\d') THEN TRY_CAST(left(${text}, 10) AS DATE) END`;
  const byForm = FORMS.map((form) => `CAST(try_strptime(${text}, ${sqlText(form)}) AS DATE)`);
  return [isoWithTime, ...byForm];
}

/** The expressions that give a day for every row; %Y also takes 24, which is no year of prices. */
async function fitting(
  connection: DuckDBConnection,
  texts: string,
  expressions: readonly string[],
): Promise<string[]> {
  if (expressions.length === 0) return [];
  const fits = expressions.map((day, index) => `count_if(year(${day}) >= 1000) AS fits${index}`);
  const [counts] = await queryRows(
    connection,
    `SELECT count(*) AS n, ${fits.join(", ")} FROM (${texts})`,
  );
  return expressions.filter(
    (_day, index) => counts?.["n"] !== 0 && counts?.[`fits${index}`] === counts?.["n"],
  );
}

/** True when two expressions give different days for some row. */
async function differ(
  connection: DuckDBConnection,
  texts: string,
  expressions: readonly string[],
): Promise<boolean> {
  if (expressions.length < 2) return false;
  const [first, ...others] = expressions;
  const conditions = others.map((day) => `${day} <> ${first}`).join(" OR ");
  const rows = await queryRows(connection, `SELECT 1 FROM (${texts}) WHERE ${conditions} LIMIT 1`);
  return rows.length > 0;
}
