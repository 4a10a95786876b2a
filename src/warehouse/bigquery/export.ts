import { rename, rm } from "node:fs/promises";
import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import type { Config } from "../../config/schema.ts";
import { sqlText as localText, withDuckdb } from "../../system/duckdb.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { exists } from "../../system/files.ts";
import type { ExportReceipt } from "../warehouse.ts";
import { ArrowUnavailable, readArrow } from "./arrow-read.ts";
import { convertToParquet, type Written } from "./convert.ts";
import type { Authorization } from "./credentials.ts";
import { isFailure, QUERY_REFUSED } from "./errors.ts";
import { assertFlat, exportedFields } from "./export-columns.ts";
import { exportSql } from "./export-sql.ts";
import type { QueryResult, Session } from "./query.ts";
import { resultRows, runQuery } from "./query.ts";
import { writeRestPages } from "./rest-read.ts";
import { requireTable, shown, type TableReference, tableNames } from "./tables.ts";
import type { Clock } from "../../system/clock.ts";

/** What an export works with. */
export interface ExportWorld {
  session: Session;
  config: Config;
  settings: BigQuerySettings;
  authorization: Authorization;
  environment: Readonly<Record<string, string | undefined>>;
  clock: Clock;
}

/**
 * Writes the training table of a horizon to a Parquet file in order of date: one query behind the cost
 * guard, whose result is streamed to disk as it comes and made into Parquet by a worker. The receipt is
 * read from that file, and its cost from the session's meter.
 */
export async function exportTable(
  world: ExportWorld,
  request: { horizon: string; asOf: string; file: string },
  signal: AbortSignal,
): Promise<ExportReceipt> {
  const { session, config, settings } = world;
  const { horizon, asOf, file } = request;
  signal.throwIfAborted();
  if (await exists(file)) throw new Error(`the export file ${file} exists already`);
  const source = tableNames(config, settings).training(horizon);
  const table = await requireTable(session.rest, source, session.location, signal);
  assertFlat(table.schema.fields, shown(source));
  const fields = exportedFields(table.schema.fields, settings, horizon, shown(source));
  const sql = exportSql(config, settings, { horizon, asOf, source, fields: table.schema.fields });
  const result = await runExport(
    session,
    { name: `${asOf}-export-${horizon}`, sql },
    source,
    signal,
  );
  const raw = `${file}.raw`;
  try {
    const { form, rows } = await fetchResult(world, result, raw, signal);
    const written = await convertToParquet(
      { raw, form, fields, date: "date", file },
      world,
      signal,
    );
    if (written.rows !== rows) throw incomplete(written.rows, rows);
    if (!written.isSorted) await sortByDate(file);
    const dates = datesOf(written);
    if (!dates) throw noRows(shown(source), asOf);
    return {
      rows,
      columns: written.columns,
      dates,
      ...session.meter.cost,
      jobs: [`${result.jobId} (${form})`],
    };
  } finally {
    await rm(raw, { force: true });
  }
}

async function runExport(
  session: Session,
  query: { name: string; sql: string },
  source: TableReference,
  signal: AbortSignal,
): Promise<QueryResult> {
  try {
    return await runQuery(session, { ...query, isRepeatable: false, signal });
  } catch (error) {
    if (!isFailure(error, QUERY_REFUSED)) throw error;
    throw new Failure({
      code: "CBI_TABLE_UNCOMPUTABLE",
      message: `${shown(source)} should be computable; it is not: ${error.message}`,
      remedy: "Correct the view, or its data, for instance with SAFE_CAST.",
      exit: ExitCode.dataRefused,
      class: "data",
      cause: error,
    });
  }
}

/** Streams a result into a file, by Arrow or, where that cannot be had, by REST; tells which, and the rows. */
async function fetchResult(
  { session, settings, authorization }: ExportWorld,
  { destination, jobId }: QueryResult,
  raw: string,
  signal: AbortSignal,
): Promise<{ form: "arrow" | "rest"; rows: number }> {
  if (settings.read !== "rest" && destination) {
    try {
      const request = { table: destination, file: raw, signal };
      await readArrow(session.rest, settings, authorization, request);
      return { form: "arrow", rows: await resultRows(session, jobId, signal) };
    } catch (error) {
      if (!(error instanceof ArrowUnavailable)) throw error;
      if (settings.read === "arrow") throw arrowRefused(error);
    }
  }
  return { form: "rest", rows: await writeRestPages(session, jobId, raw, signal) };
}

function arrowRefused(error: ArrowUnavailable): Failure {
  return new Failure({
    code: "CBI_BIGQUERY_STREAM",
    message: `the Storage Read API cannot be used: ${error.message}`,
    remedy: "Give the account the role BigQuery Read Session User, or set warehouse.read: auto.",
    exit: ExitCode.unavailable,
    cause: error,
  });
}

/** Sorts on disk within little memory; a result in one stream is in order, so this is rare. */
async function sortByDate(file: string): Promise<void> {
  const sorted = `${file}.sorted`;
  await withDuckdb({ file: ":memory:", memoryLimit: "128MB", threads: 1 }, async (connection) => {
    await connection.run(
      `COPY (SELECT * FROM read_parquet(${localText(file)}) ORDER BY date) TO ${localText(sorted)} (FORMAT parquet, COMPRESSION zstd)`,
    );
  });
  await rename(sorted, file);
}

function datesOf({ rows, first, last }: Written): { first: string; last: string } | undefined {
  return rows > 0 && first !== null && last !== null ? { first, last } : undefined;
}

function incomplete(written: number, total: number): Failure {
  return new Failure({
    code: "CBI_EXPORT_INCOMPLETE",
    message: `the query's result has ${total} rows; the export holds ${written}`,
    remedy: "Run again; if it stays so, read the other way: warehouse.read in cbi.yaml.",
    exit: ExitCode.failed,
    class: "retryable",
  });
}

function noRows(table: string, asOf: string): Failure {
  return new Failure({
    code: "CBI_TABLE_EMPTY",
    message: `${table} should have rows up to ${asOf}; it has none`,
    remedy: "See what fills it, and its column of days.",
    exit: ExitCode.dataRefused,
    class: "data",
  });
}
