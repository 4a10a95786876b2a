import { z } from "zod";
import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import type { Config } from "../../config/schema.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { EXISTS, isFailure, NOT_FOUND } from "./errors.ts";
import type { BigQueryRest } from "./rest.ts";

/** A table in BigQuery's own words. */
export const tableReference = z.object({
  projectId: z.string(),
  datasetId: z.string(),
  tableId: z.string(),
});
export type TableReference = z.infer<typeof tableReference>;

const fieldSchema = z.object({
  name: z.string(),
  type: z.string(),
  mode: z.string().optional(),
});
/** A column in BigQuery's words: `FLOAT`, `DATE`, `NUMERIC`, …; the mode may be `REPEATED`. */
export type Field = z.infer<typeof fieldSchema>;
export const schemaSchema = z.object({ fields: z.array(fieldSchema).default([]) });

const tableSchema = z.object({
  tableReference,
  type: z.string().default("TABLE"),
  schema: schemaSchema.default({ fields: [] }),
  etag: z.string().default(""),
  lastModifiedTime: z.string().default(""),
  numRows: z.coerce.number().default(0),
  numBytes: z.coerce.number().default(0),
  streamingBuffer: z.unknown().optional(),
});
export type Table = z.infer<typeof tableSchema>;

/** The tables of a configuration, their patterns filled in. */
export interface TableNames {
  training(horizon: string): TableReference;
  price: TableReference;
  forecasts: TableReference;
  latest(horizon: string): TableReference;
}

export function tableNames(config: Config, settings: BigQuerySettings): TableNames {
  const fill = (pattern: string, horizon = ""): TableReference => {
    const [datasetId = "", tableId = ""] = pattern
      .replaceAll("{symbol}", config.symbol.toLowerCase())
      .replaceAll("{price_table}", config.price.table)
      .replaceAll("{horizon}", horizon)
      .split(".");
    return { projectId: settings.project, datasetId, tableId };
  };
  const { tables } = settings;
  return {
    training: (horizon) => fill(tables.training, horizon),
    price: fill(tables.price),
    forecasts: fill(tables.forecasts),
    latest: (horizon) => fill(tables.latest, horizon),
  };
}

/** `training.wti_1w`, for people. */
export function shown({ datasetId, tableId }: TableReference): string {
  return `${datasetId}.${tableId}`;
}

/** A table in SQL. */
export function sqlTable({ projectId, datasetId, tableId }: TableReference): string {
  return sqlName(`${projectId}.${datasetId}.${tableId}`);
}

/** A name in SQL. */
export function sqlName(name: string): string {
  return `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
}

/** A text as an SQL literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n").replaceAll("\r", "\\r")}'`;
}

/** What BigQuery knows of a table, or undefined when there is none. */
export async function findTable(
  rest: BigQueryRest,
  table: TableReference,
  signal: AbortSignal,
): Promise<Table | undefined> {
  try {
    return await rest.call(tableSchema, { method: "GET", path: pathOf(table), signal });
  } catch (error) {
    if (isFailure(error, NOT_FOUND)) return undefined;
    throw error;
  }
}

/** What BigQuery knows of a table that must be there; a missing one is refused as data. */
export async function requireTable(
  rest: BigQueryRest,
  table: TableReference,
  location: string,
  signal: AbortSignal,
): Promise<Table> {
  const found = await findTable(rest, table, signal);
  if (found) return found;
  await requireDataset(rest, table.datasetId, location, signal);
  throw new Failure({
    code: "CBI_TABLE_MISSING",
    message: `BigQuery should have the table ${shown(table)}; there is none`,
    remedy: "Make it, or correct warehouse.tables or horizons in cbi.yaml.",
    exit: ExitCode.dataRefused,
    class: "data",
  });
}

/** Refuses a dataset that is not there, or elsewhere than the configuration says. */
export async function requireDataset(
  rest: BigQueryRest,
  datasetId: string,
  location: string,
  signal: AbortSignal,
): Promise<void> {
  const path = `datasets/${datasetId}`;
  const dataset = await rest
    .call(z.object({ location: z.string() }), { method: "GET", path, signal })
    .catch((error: unknown) => {
      if (!isFailure(error, NOT_FOUND)) throw error;
    });
  if (!dataset) {
    throw new Failure({
      code: "CBI_DATASET_MISSING",
      message: `the project ${rest.project} should have the dataset ${datasetId}; there is none`,
      remedy: `Make it: bq mk --location=${location} ${rest.project}:${datasetId}, or set warehouse.create_datasets: true for the forecasts.`,
      exit: ExitCode.dataRefused,
      class: "data",
    });
  }
  if (dataset.location.toLowerCase() === location.toLowerCase()) return;
  throw new Failure({
    code: "CBI_BIGQUERY_LOCATION",
    message: `the dataset ${datasetId} is in ${dataset.location}; cbi.yaml says ${location}`,
    remedy: `Set warehouse.location: ${dataset.location} in cbi.yaml.`,
    exit: ExitCode.configInvalid,
  });
}

/** Makes a table unless it is there. */
export async function createTable(
  rest: BigQueryRest,
  table: TableReference,
  fields: readonly Field[],
  signal: AbortSignal,
  expiresAtMs?: number,
): Promise<void> {
  await untilThere(rest, `datasets/${table.datasetId}/tables`, signal, {
    tableReference: table,
    schema: { fields },
    ...(expiresAtMs === undefined ? {} : { expirationTime: String(expiresAtMs) }),
  });
}

/** Makes a dataset unless it is there. */
export async function createDataset(
  rest: BigQueryRest,
  datasetId: string,
  location: string,
  signal: AbortSignal,
): Promise<void> {
  await untilThere(rest, "datasets", signal, {
    datasetReference: { projectId: rest.project, datasetId },
    location,
  });
}

async function untilThere(
  rest: BigQueryRest,
  path: string,
  signal: AbortSignal,
  body: unknown,
): Promise<void> {
  try {
    await rest.call(z.unknown(), { method: "POST", path, body, signal });
  } catch (error) {
    if (!isFailure(error, EXISTS)) throw error;
  }
}

/** Drops a table if it is there. */
export async function dropTable(
  rest: BigQueryRest,
  table: TableReference,
  signal: AbortSignal,
): Promise<void> {
  try {
    await rest.call(z.unknown(), { method: "DELETE", path: pathOf(table), signal });
  } catch (error) {
    if (!isFailure(error, NOT_FOUND)) throw error;
  }
}

function pathOf({ datasetId, tableId }: TableReference): string {
  return `datasets/${datasetId}/tables/${tableId}`;
}
