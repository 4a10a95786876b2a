import { z } from "zod";
import type { DuckDBConnection } from "@duckdb/node-api";
import { queryRows, sqlName, sqlText } from "../../system/duckdb.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { nearest } from "../../config/nearest.ts";
import { withDatabase } from "../duckdb/database.ts";
import { dayExpression } from "../duckdb/days.ts";
import { describeSource, fileRelation, isParquet, type Source } from "../duckdb/sources.ts";
import { decimalCommaOf } from "./decimal-comma.ts";
import { type CandidateColumn, type Choice, chooseDate, choosePrice, isNumber } from "./columns.ts";

/** What a file holds of one price series. */
export interface Series {
  /** Names in the file. */
  dateColumn: string;
  priceColumn: string;
  /** The days with a price, in order. */
  days: string[];
  /** Rows of the file. */
  rows: number;
  /** Rows with a date and no price. */
  blankPrices: number;
  /** Prices of zero or less, of which no return can be computed. */
  nonPositivePrices: number;
  /** Set when the numbers are written with decimal commas. */
  decimal?: ",";
}

/** Columns that the user named. */
export interface SeriesWishes {
  dateColumn?: string | undefined;
  priceColumn?: string | undefined;
}

const daysSchema = z.array(z.object({ day: z.iso.date(), rows: z.int() }));

/**
 * Finds the days and the prices of a CSV or Parquet file. Throws a `Failure` of class data when a
 * column cannot be chosen or read, or when a day occurs twice.
 */
export async function inspectSeries(file: string, wishes: SeriesWishes): Promise<Series> {
  return withDatabase(":memory:", async (connection) => {
    const decimal = await decimalCommaOf(connection, file);
    const source: File = { file, ...(decimal && { decimal }) };
    const columns = await candidateColumns(connection, source);
    const dateColumn = settle("date", wishes.dateColumn, columns, chooseDate(columns), file);
    const price = choosePrice(columns, dateColumn);
    const priceColumn = settle("price", wishes.priceColumn, columns, price, file);
    requireKinds(columns, dateColumn, priceColumn, file);
    const counts = await countRows(connection, source, dateColumn, priceColumn);
    return { dateColumn, priceColumn, ...counts, ...(decimal && { decimal }) };
  });
}

type File = Pick<Source, "file" | "decimal">;

async function candidateColumns(
  connection: DuckDBConnection,
  source: File,
): Promise<CandidateColumn[]> {
  const types = await describeSource(connection, { name: "--from", ...source });
  const columns: CandidateColumn[] = [];
  for (const [name, type] of types) {
    const day = await dayOf(connection, source, name, type);
    columns.push({ name, type, isDay: day !== undefined });
  }
  return columns;
}

function dayOf(
  connection: DuckDBConnection,
  source: File,
  column: string,
  type: string,
): Promise<string | undefined> {
  const relation = fileRelation(source, column);
  const read = isParquet(source.file) ? type : "VARCHAR";
  return dayExpression(connection, { relation, column, type: read });
}

function settle(
  what: "date" | "price",
  wish: string | undefined,
  columns: readonly CandidateColumn[],
  choice: Choice,
  file: string,
): string {
  const names = columns.map(({ name }) => name);
  if (wish !== undefined) {
    if (names.includes(wish)) return wish;
    const guess = nearest(wish, names);
    throw refused(
      `CBI_COLUMN_MISSING`,
      `${file} has no column '${wish}'; it has ${names.join(", ")}`,
      guess === undefined ? `Name one with --${what}-column.` : `Did you mean '${guess}'?`,
    );
  }
  if ("chosen" in choice) return choice.chosen;
  const kinds = columns.map(({ name, type }) => `${name} (${type})`).join(", ");
  if (choice.candidates.length === 0) {
    const wanted =
      what === "date"
        ? "a column of days in one form that leaves no doubt, such as 2025-12-31"
        : "a column of numbers such as 70.25, or 70,25 where semicolons part the columns, without thousands separators";
    throw refused(
      `CBI_NO_${what.toUpperCase()}_COLUMN`,
      `${file} should have ${wanted}; it has ${kinds}`,
      "Rewrite the column in that form and run cbi init again.",
    );
  }
  throw refused(
    "CBI_COLUMN_AMBIGUOUS",
    `${file} has several columns that may be the ${what}: ${choice.candidates.join(", ")}`,
    `Name one: --${what}-column ${JSON.stringify(choice.candidates[0])}`,
  );
}

function requireKinds(
  columns: readonly CandidateColumn[],
  dateColumn: string,
  priceColumn: string,
  file: string,
): void {
  const date = columns.find(({ name }) => name === dateColumn);
  if (date?.isDay !== true) {
    throw refused(
      "CBI_SOURCE_DATE_UNREADABLE",
      `the column '${dateColumn}' of ${file} should hold days in one form that leaves no doubt, such as 2025-12-31; it does not (${date?.type})`,
      "Write all of its dates in ISO form.",
    );
  }
  const price = columns.find(({ name }) => name === priceColumn);
  if (price && isNumber(price.type)) return;
  throw refused(
    "CBI_PRICE_UNREADABLE",
    `the column '${priceColumn}' of ${file} should hold numbers such as 70.25; it is ${price?.type}`,
    "Write its numbers with a point and without thousands separators.",
  );
}

async function countRows(
  connection: DuckDBConnection,
  source: File,
  dateColumn: string,
  priceColumn: string,
): Promise<Pick<Series, "days" | "rows" | "blankPrices" | "nonPositivePrices">> {
  const { file } = source;
  const types = await describeSource(connection, { name: "--from", ...source });
  const day = await dayOf(connection, source, dateColumn, types.get(dateColumn) ?? "");
  const price = `CAST(${sqlName(priceColumn)} AS DOUBLE)`;
  await connection.run(
    `CREATE TABLE series AS SELECT ${day} AS day, CASE WHEN NOT isnan(${price}) THEN ${price} END AS price
     FROM ${fileRelation(source, dateColumn)}`,
  );
  const [counts] = await queryRows(
    connection,
    `SELECT count(*) AS rows, count_if(day IS NOT NULL AND price IS NULL) AS blank,
       count_if(price <= 0) AS non_positive FROM series`,
  );
  const days = daysSchema.parse(
    await queryRows(
      connection,
      `SELECT day::VARCHAR AS day, count(*) AS rows FROM series
       WHERE price IS NOT NULL AND day IS NOT NULL GROUP BY ALL ORDER BY ALL`,
    ),
  );
  const twice = days.filter(({ rows }) => rows > 1);
  if (twice.length > 0) {
    throw refused(
      "CBI_SERIES_NOT_ONE",
      `${file} should have one price a day; ${twice.length} days have several, such as ${twice[0]?.day}`,
      "Keep one series in the file: one symbol, one contract, one row a day.",
    );
  }
  if (days.length === 0) {
    const column = sqlText(priceColumn);
    throw refused(
      "CBI_SERIES_EMPTY",
      `${file} has no price in the column ${column}`,
      "Check the file.",
    );
  }
  return {
    days: days.map((row) => row.day),
    rows: Number(counts?.["rows"]),
    blankPrices: Number(counts?.["blank"]),
    nonPositivePrices: Number(counts?.["non_positive"]),
  };
}

function refused(code: string, message: string, remedy: string): Failure {
  return new Failure({ code, message, remedy, exit: ExitCode.dataRefused, class: "data" });
}
