import { glob, stat } from "node:fs/promises";
import path from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Config } from "../../config/schema.ts";
import { queryRows, sqlName, sqlText } from "../../system/duckdb.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import { exists } from "../../system/files.ts";
import { nearest } from "../../config/nearest.ts";
import { firstLine } from "./database.ts";
import { dayExpression } from "./days.ts";
import { duckdbSettings } from "./settings.ts";

/** Files of the user's as a table: CSV or Parquet, hidden after the as-of date by `date`. */
export interface Source {
  name: string;
  /** Absolute; a pattern such as raw/*.parquet stands for several files of equal columns. */
  file: string;
  /** Absent for a table without time. */
  date?: string;
  /** Of a CSV file whose numbers are written so: 70,25. */
  decimal?: ",";
}

/** The sources of a configuration, their paths resolved against TrainingData/. */
export function sourcesOf(config: Config, trainingData: string): Source[] {
  return Object.entries(duckdbSettings(config).sources).map(([name, source]) => {
    const {
      path: file,
      date,
      decimal,
    } = typeof source === "string" ? { path: source, date: "date", decimal: "." } : source;
    return {
      name,
      file: path.resolve(trainingData, file),
      ...(date !== "none" && { date }),
      ...(decimal === "," && { decimal }),
    };
  });
}

/** The files that a source's path stands for, in order of name; none when nothing is there. */
export async function sourceFiles(file: string): Promise<string[]> {
  // A file of that very name is meant, brackets and all; DuckDB decides the same way.
  if (await exists(file)) return [file];
  const files: string[] = [];
  for await (const found of glob(file)) files.push(found);
  return files.sort();
}

/** The size of all files of the sources; those that are not there count nothing. */
export async function sourceBytes(sources: readonly Source[]): Promise<number> {
  let bytes = 0;
  for (const source of sources) {
    for (const file of await sourceFiles(source.file)) bytes += (await stat(file)).size;
  }
  return bytes;
}

// How other programs write that there is no value; FRED, for one, writes a point.
const NULL_TEXTS = ["", ".", "-", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "null", "NULL", "None"];

/**
 * The table expression that reads a CSV or Parquet file as it is. A column named by `asText` is left
 * as text in CSV, whatever it looks like.
 */
export function fileRelation(
  { file, decimal }: Pick<Source, "file" | "decimal">,
  asText?: string,
): string {
  if (isParquet(file)) return `read_parquet(${sqlText(file)})`;
  const nulls = NULL_TEXTS.map(sqlText).join(", ");
  // The whole file decides the types: a text on its last line makes a column text at once, instead
  // of an error half-way. By default the reader takes buffers of 32 MB, whatever the file's size.
  const types = asText === undefined ? "" : `types = {${sqlText(asText)}: 'VARCHAR'}, `;
  const numbers = decimal === undefined ? "" : `decimal_separator = ${sqlText(decimal)}, `;
  return (
    `read_csv(${sqlText(file)}, header = true, sample_size = -1, ` +
    `buffer_size = 4194304, ${types}${numbers}nullstr = [${nulls}])`
  );
}

/**
 * The query that yields a source as of a day: its date column as DATE, later rows left out. Rows
 * without a date are left out too, since nobody can say whether they were known.
 */
export async function sourceQuery(
  connection: DuckDBConnection,
  source: Source,
  asOf: string,
): Promise<string> {
  const columns = await describeSource(connection, source);
  if (source.date === undefined) return `SELECT * FROM ${fileRelation(source)}`;
  if (!columns.has(source.date)) throw missingDate(source, [...columns.keys()]);
  const relation = fileRelation(source, source.date);
  const type = isParquet(source.file) ? (columns.get(source.date) ?? "") : "VARCHAR";
  const day = await dayExpression(connection, { relation, column: source.date, type });
  if (day === undefined) throw unreadableDate(source, columns.get(source.date) ?? type);
  const replaced = type === "DATE" ? "*" : `* REPLACE (${day} AS ${sqlName(source.date)})`;
  return `SELECT ${replaced} FROM ${relation} WHERE ${day} <= DATE ${sqlText(asOf)}`;
}

/** True for a Parquet file, by its name; any other is read as CSV. */
export function isParquet(file: string): boolean {
  return file.toLowerCase().endsWith(".parquet");
}

/** The columns of a source and their types, in order. Throws a `Failure` of class data. */
export async function describeSource(
  connection: DuckDBConnection,
  source: Source,
): Promise<Map<string, string>> {
  if ((await sourceFiles(source.file)).length === 0) {
    throw new Failure({
      code: "CBI_SOURCE_MISSING",
      message: `the source '${source.name}' should be the file ${source.file}, which is not there`,
      remedy: "Put the file there, or correct warehouse.sources in cbi.yaml.",
      exit: ExitCode.dataRefused,
      class: "data",
    });
  }
  try {
    const rows = await queryRows(connection, `DESCRIBE SELECT * FROM ${fileRelation(source)}`);
    return new Map(rows.map((row) => [String(row["column_name"]), String(row["column_type"])]));
  } catch (error) {
    throw new Failure({
      code: "CBI_SOURCE_UNREADABLE",
      message: `the source '${source.name}' (${source.file}) cannot be read: ${firstLine(messageOf(error))}`,
      remedy:
        "It should be CSV with a line of names, or Parquet. Fetch it anew if it was cut short.",
      exit: ExitCode.dataRefused,
      class: "data",
      cause: error,
    });
  }
}

function missingDate(source: Source, columns: string[]): Failure {
  const guess = nearest(source.date ?? "", columns) ?? columns[0];
  return new Failure({
    code: "CBI_SOURCE_DATE_MISSING",
    message: `the source '${source.name}' has no column '${source.date}', by which later rows are hidden; it has ${columns.join(", ")}`,
    remedy: `In cbi.yaml: ${source.name}: { path: ${path.basename(source.file)}, date: ${guess} }, or date: none for a table without time.`,
    exit: ExitCode.dataRefused,
    class: "data",
  });
}

function unreadableDate(source: Source, type: string): Failure {
  return new Failure({
    code: "CBI_SOURCE_DATE_UNREADABLE",
    message: `the column '${source.date}' of the source '${source.name}' should hold dates in one form that leaves no doubt, such as 2025-12-31; it does not (${type})`,
    remedy: "Write all of its dates in ISO form.",
    exit: ExitCode.dataRefused,
    class: "data",
  });
}
