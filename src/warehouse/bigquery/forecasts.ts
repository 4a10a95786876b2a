import { z } from "zod";
import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import type { Config } from "../../config/schema.ts";
import { type ForecastRow, forecastRowSchema } from "../../evaluation/forecast.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { canonicalJson, hashText } from "../../system/files.ts";
import { assertForecastBatch, FORECAST_COLUMNS, hashForecasts } from "../forecast-rows.ts";
import type { ForecastFilter, UploadReceipt } from "../warehouse.ts";
import { latestSql, mergeSql } from "./forecast-sql.ts";
import { awaitRunning, type Job, runJob } from "./jobs.ts";
import { queryObjects, runQuery, type Session } from "./query.ts";
import {
  createDataset,
  createTable,
  dropTable,
  type Field,
  findTable,
  requireDataset,
  shown,
  sqlName,
  sqlTable,
  sqlText,
  type Table,
  tableNames,
  type TableReference,
} from "./tables.ts";

/** What an upload works with. */
export interface ForecastWorld {
  session: Session;
  config: Config;
  settings: BigQuerySettings;
}

const TYPES = { text: "STRING", date: "DATE", double: "FLOAT64" } as const;
const STAGING_MS = 24 * 60 * 60 * 1000;

const numberCell = z.coerce.number();
const DOUBLES = Object.entries(FORECAST_COLUMNS)
  .filter(([, type]) => type === "double")
  .map(([name]) => name);

/**
 * Makes the forecasts of the batch's symbol, as_of and horizons exactly `rows`: a load job into a table
 * of the batch's own, one MERGE, which is atomic, and the views. Rows that are already so are left
 * alone. The ids of the jobs follow from the rows and from the state of the table before, so that a
 * repetition after a crash adopts the job that was under way, and a later upload never adopts an old one.
 * The receipt counts every query that the session's meter saw, those of the views and the read-backs too.
 */
export async function uploadForecasts(
  world: ForecastWorld,
  rows: readonly ForecastRow[],
  signal: AbortSignal,
): Promise<UploadReceipt> {
  assertForecastBatch(rows);
  signal.throwIfAborted();
  const { session, config, settings } = world;
  const names = tableNames(config, settings);
  const horizons = [...new Set(rows.map((row) => row.horizon))].sort();
  // What a killed run left under way must not land after what is done now.
  await awaitRunning(session.rest, "cbi-merge-", session.location, signal);
  const table = await forecastTable(world, names.forecasts, signal);
  const wanted = hashForecasts(rows);
  const jobs: string[] = [];
  if ((await storedHash(world, rows, horizons, signal)).hash !== wanted) {
    jobs.push(...(await merge(world, table, rows, horizons, signal)));
  }
  // A view that is named after the symbol holds that one alone.
  const viewSymbol = settings.tables.latest.includes("{symbol}") ? config.symbol : undefined;
  for (const horizon of horizons) {
    const sql = latestSql(names.latest(horizon), names.forecasts, settings, horizon, viewSymbol);
    // A view's job changes nothing when repeated, so it needs no memory of its own.
    await runQuery(session, { name: `view-${horizon}`, sql, isRepeatable: false, signal });
  }
  const stored = await storedHash(world, rows, horizons, signal);
  if (stored.hash !== wanted) throw notStored(shown(names.forecasts));
  return {
    rows: stored.rows,
    ...session.meter.cost,
    jobs,
    table: shown(names.forecasts),
    hash: stored.hash,
    views: horizons.map((horizon) => shown(names.latest(horizon))),
  };
}

async function merge(
  world: ForecastWorld,
  table: Table,
  rows: readonly ForecastRow[],
  horizons: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const { session, settings } = world;
  const { rest, location } = session;
  const lines = [...rows].map(canonicalJson).sort();
  const before = { etag: table.etag, modified: table.lastModifiedTime, rows: table.numRows };
  const key = hashText(canonicalJson({ lines, before })).slice(0, 16);
  const target = table.tableReference;
  const staging = { ...target, tableId: `_stg_${target.tableId}_${key}` };
  const fields = stagingFields();
  await createTable(rest, staging, fields, signal, rest.clock.now() + STAGING_MS);
  const load = (name: string): Promise<Job> =>
    runJob(rest, {
      name,
      location,
      signal,
      upload: `${lines.join("\n")}\n`,
      configuration: {
        load: {
          destinationTable: staging,
          sourceFormat: "NEWLINE_DELIMITED_JSON",
          writeDisposition: "WRITE_TRUNCATE",
          schema: { fields },
        },
      },
    });
  let loaded = await load(`load-${key}`);
  // The job may be of a day whose staging table is gone; this one's table must hold the rows.
  if ((await findTable(rest, staging, signal))?.numRows !== lines.length) {
    loaded = await load(`load-${key}-${rest.random.hex(4)}`);
  }
  const sql = mergeSql({ target, staging, settings, rows, horizons });
  const name = `merge-${key}`;
  const merged = await runQuery(session, { name, sql, isRepeatable: true, signal });
  await dropTable(rest, staging, signal);
  return [loaded.jobReference.jobId ?? "", merged.jobId];
}

/** The table of the forecasts, made when it is missing; an older one must have our columns. */
async function forecastTable(
  { session, settings }: ForecastWorld,
  name: TableReference,
  signal: AbortSignal,
): Promise<Table> {
  const { rest, location } = session;
  let table = await findTable(rest, name, signal);
  if (!table) {
    if (settings.create_datasets) await createDataset(rest, name.datasetId, location, signal);
    await requireDataset(rest, name.datasetId, location, signal);
    await createTable(rest, name, forecastFields(settings), signal);
    table = await findTable(rest, name, signal);
  }
  if (!table) throw new Error(`${shown(name)} was made and is not there`);
  const present = new Map(table.schema.fields.map((field) => [field.name, field.type]));
  const wrong = forecastFields(settings).filter(
    (field) => !sameType(present.get(field.name), field.type),
  );
  if (wrong.length === 0) return table;
  throw new Failure({
    code: "CBI_BIGQUERY_SCHEMA",
    message: `${shown(name)} should have ${wrong.map((field) => `${field.name} of type ${field.type} (it is ${present.get(field.name) ?? "missing"})`).join(", ")}`,
    remedy: "Name its columns in warehouse.forecast_columns of cbi.yaml, or choose another table.",
    exit: ExitCode.configInvalid,
  });
}

function sameType(found: string | undefined, wanted: string): boolean {
  return found === wanted || (found === "FLOAT" && wanted === "FLOAT64");
}

function forecastFields(settings: BigQuerySettings): Field[] {
  return Object.entries(FORECAST_COLUMNS).map(([name, type]) => ({
    name: settings.forecast_columns[name] ?? name,
    type: TYPES[type],
    mode: "NULLABLE",
  }));
}

function stagingFields(): Field[] {
  return Object.entries(FORECAST_COLUMNS).map(([name, type]) => ({
    name,
    type: TYPES[type],
    mode: "REQUIRED",
  }));
}

async function storedHash(
  world: ForecastWorld,
  rows: readonly ForecastRow[],
  horizons: readonly string[],
  signal: AbortSignal,
): Promise<{ hash: string; rows: number }> {
  const [{ symbol, as_of: asOf } = { symbol: "", as_of: "" }] = rows;
  const day = await selectForecasts(world, { symbol, asOfMin: asOf, asOfMax: asOf }, signal);
  const stored = day.filter((row) => horizons.includes(row.horizon));
  return { hash: hashForecasts(stored), rows: stored.length };
}

/** A symbol's stored forecasts in order of as_of, horizon, model_role, algorithm; none before the first upload. */
export async function readForecasts(
  world: ForecastWorld,
  filter: ForecastFilter,
  signal: AbortSignal,
): Promise<ForecastRow[]> {
  const { session, config, settings } = world;
  const table = tableNames(config, settings).forecasts;
  if (!(await findTable(session.rest, table, signal))) return [];
  return selectForecasts(world, filter, signal);
}

async function selectForecasts(
  { session, config, settings }: ForecastWorld,
  filter: ForecastFilter,
  signal: AbortSignal,
): Promise<ForecastRow[]> {
  const table = tableNames(config, settings).forecasts;
  const column = (name: string): string => sqlName(settings.forecast_columns[name] ?? name);
  const conditions = [
    `${column("symbol")} = ${sqlText(filter.symbol)}`,
    filter.asOfMin === undefined
      ? undefined
      : `${column("as_of")} >= DATE ${sqlText(filter.asOfMin)}`,
    filter.asOfMax === undefined
      ? undefined
      : `${column("as_of")} <= DATE ${sqlText(filter.asOfMax)}`,
    filter.horizon === undefined ? undefined : `${column("horizon")} = ${sqlText(filter.horizon)}`,
  ].filter((condition) => condition !== undefined);
  const columns = Object.keys(FORECAST_COLUMNS).map(
    (name) => `${column(name)} AS ${sqlName(name)}`,
  );
  const order = ["as_of", "horizon", "model_role", "algorithm"].map(column);
  const sql =
    `SELECT ${columns.join(", ")} FROM ${sqlTable(table)} ` +
    `WHERE ${conditions.join(" AND ")} ORDER BY ${order.join(", ")}`;
  const { rows } = await queryObjects(session, { name: "forecasts", sql, signal });
  return rows.map((row) => {
    const doubles = DOUBLES.map((name) => [name, numberCell.parse(row[name])] as const);
    return forecastRowSchema.parse({ ...row, ...Object.fromEntries(doubles) });
  });
}

function notStored(table: string): Failure {
  return new Failure({
    code: "CBI_UPLOAD_UNPROVEN",
    message: `${table} gave back other rows than were sent`,
    remedy: "Another program may have written at the same time. Run again.",
    exit: ExitCode.unavailable,
    class: "retryable",
  });
}
