import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseDocument } from "yaml";
import type { BigQuerySettings } from "../config/bigquery-schema.ts";
import type { Config } from "../config/schema.ts";
import { sqlName, sqlText, withDuckdb } from "../system/duckdb.ts";
import { exists, publish } from "../system/files.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import type { HomePaths } from "../system/home.ts";
import { loadParquet } from "./bigquery/load-table.ts";
import type { BigQueryWorld } from "./bigquery/open.ts";
import { createDataset, requireDataset, shown, tableNames } from "./bigquery/tables.ts";
import { openDuckdbWarehouse } from "./duckdb/open.ts";
import { hashForecasts } from "./forecast-rows.ts";
import { dotted, trainingTable } from "./naming.ts";
import type { Warehouse } from "./warehouse.ts";

/** Where tables are taken from, as of a day. */
export interface CopySource {
  config: Config;
  /** The text of its cbi.yaml. */
  text: string;
  warehouse: Warehouse;
  asOf: string;
}

/** A table that was copied. */
export interface CopiedTable {
  table: string;
  rows: number;
}

/**
 * Makes a new home with the embedded warehouse that holds the training tables, prices and forecasts of
 * a remote one, to work offline or to replay nights. Its `cbi.yaml` is the same but for `warehouse`.
 */
export async function pullHome(
  source: CopySource,
  target: HomePaths,
  signal: AbortSignal,
): Promise<CopiedTable[]> {
  if (await exists(target.config)) throw taken(target.config);
  const raw = path.join(target.trainingData, "raw");
  await mkdir(raw, { recursive: true });
  await mkdir(path.join(target.trainingData, "prepare"), { recursive: true });
  const { price } = source.config;
  const sources: Record<string, { path: string; date: string }> = {
    [price.table]: { path: `raw/${price.table}.parquet`, date: price.date },
  };
  const copied = await fetchTables(source, raw, signal);
  const views = copied.slice(1).map(({ horizon, file }) => {
    const name = trainingTable(source.config, horizon).table;
    sources[`ready_${horizon}`] = { path: path.relative(target.trainingData, file), date: "date" };
    return `CREATE VIEW training.${sqlName(name)} AS SELECT * FROM ready_${horizon};`;
  });
  await writeFile(
    path.join(target.trainingData, "prepare", "10_copied.sql"),
    `${views.join("\n")}\n`,
  );
  const document = parseDocument(source.text);
  document.set("warehouse", document.createNode({ kind: "duckdb", sources }));
  // Forecasts need no sources.
  const warehouse = { kind: "duckdb", sources: {}, prepare: "prepare/" } as const;
  const embedded = openDuckdbWarehouse({ config: { ...source.config, warehouse }, paths: target });
  const forecasts = await copyForecasts(source, embedded, signal);
  // Last, since a home that is there is not copied into again.
  await writeFile(target.config, document.toString());
  return [...copied.map(({ table, rows }) => ({ table, rows })), ...forecasts];
}

/**
 * Makes the training tables and prices of a BigQuery home those of an embedded one, each atomically,
 * and its forecasts too, day by day.
 */
export async function pushTables(
  source: CopySource,
  target: {
    world: BigQueryWorld;
    warehouse: Warehouse;
    config: Config;
    settings: BigQuerySettings;
    folder: string;
  },
  signal: AbortSignal,
): Promise<CopiedTable[]> {
  const { world, config, settings } = target;
  const names = tableNames(config, settings);
  const { rest, location } = world.session;
  for (const datasetId of new Set([names.price.datasetId, names.training("").datasetId])) {
    if (settings.create_datasets) await createDataset(rest, datasetId, location, signal);
    await requireDataset(rest, datasetId, location, signal);
  }
  await mkdir(target.folder, { recursive: true });
  const folder = await mkdtemp(path.join(target.folder, "copy.tmp-"));
  try {
    const done: CopiedTable[] = [];
    for (const { horizon, file, rows } of await fetchTables(source, folder, signal)) {
      const table = horizon === "" ? names.price : names.training(horizon);
      await loadParquet(world.session, table, file, signal);
      done.push({ table: shown(table), rows });
    }
    return [...done, ...(await copyForecasts(source, target.warehouse, signal))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Makes the forecasts of each day and horizon that the source has those of the target, by its upload,
 * which is keyed: repeatable at any point, and days that are the same already are left alone. Other
 * days, horizons and symbols of the target stay. Returns nothing where there are none to copy.
 */
export async function copyForecasts(
  { config, warehouse, asOf }: Pick<CopySource, "config" | "warehouse" | "asOf">,
  target: Warehouse,
  signal: AbortSignal,
): Promise<CopiedTable[]> {
  const filter = { symbol: config.symbol, asOfMax: asOf };
  const rows = await warehouse.forecasts(filter);
  if (rows.length === 0) return [];
  const stored = Map.groupBy(await target.forecasts(filter), (row) => row.as_of);
  for (const [day, wanted] of Map.groupBy(rows, (row) => row.as_of)) {
    const horizons = new Set(wanted.map((row) => row.horizon));
    const there = (stored.get(day) ?? []).filter((row) => horizons.has(row.horizon));
    if (hashForecasts(there) !== hashForecasts(wanted)) await target.upload(wanted, signal);
  }
  return [{ table: "forecasts", rows: rows.length }];
}

interface Fetched extends CopiedTable {
  /** Empty for the prices, which come first. */
  horizon: string;
  file: string;
}

async function fetchTables(
  { config, warehouse, asOf }: CopySource,
  folder: string,
  signal: AbortSignal,
): Promise<Fetched[]> {
  await warehouse.prepare(asOf, signal);
  const prices = path.join(folder, `${config.price.table}.parquet`);
  const rows = await writePrices(config, await warehouse.prices(asOf), prices);
  const fetched: Fetched[] = [{ horizon: "", table: config.price.table, file: prices, rows }];
  for (const horizon of Object.keys(config.horizons)) {
    const name = trainingTable(config, horizon);
    const file = path.join(folder, `${name.table}.parquet`);
    const temporary = `${file}.tmp-copy`;
    await rm(temporary, { force: true });
    const receipt = await warehouse.exportTable({ horizon, asOf, file: temporary }, signal);
    await publish(temporary, file);
    fetched.push({ horizon, table: dotted(name), file, rows: receipt.rows });
  }
  return fetched;
}

async function writePrices(
  { price }: Config,
  rows: Awaited<ReturnType<Warehouse["prices"]>>,
  file: string,
): Promise<number> {
  const json = `${file}.tmp-json`;
  await writeFile(json, rows.map((row) => JSON.stringify(row)).join("\n"));
  try {
    await withDuckdb({ file: ":memory:", memoryLimit: "128MB" }, async (connection) => {
      await connection.run(
        `COPY (SELECT date AS ${sqlName(price.date)}, price AS ${sqlName(price.column)}
         FROM read_json(${sqlText(json)}, format = 'newline_delimited', columns = {date: 'DATE', price: 'DOUBLE'}))
         TO ${sqlText(file)} (FORMAT parquet)`,
      );
    });
  } finally {
    await rm(json, { force: true });
  }
  return rows.length;
}

function taken(file: string): Failure {
  return new Failure({
    code: "CBI_HOME_EXISTS",
    message: `a copy needs a folder without a home; there is ${file}`,
    remedy: "Name another folder.",
    exit: ExitCode.usage,
  });
}
