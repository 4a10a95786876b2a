import path from "node:path";
import type { Config } from "../../config/schema.ts";
import type { HomePaths } from "../../system/home.ts";
import { FREE, type Warehouse } from "../warehouse.ts";
import { giveRoom, LARGE_FROM_BYTES, withDatabase } from "./database.ts";
import { exportTable } from "./export.ts";
import { inputFingerprint } from "./fingerprint.ts";
import { readForecasts, uploadForecasts } from "./forecasts.ts";
import { prepareTables } from "./prepare.ts";
import { priceQuery, readPrices } from "./prices.ts";
import { recipeOf, recompute } from "./recompute.ts";
import { dropRetiredViews } from "./retired-views.ts";
import { duckdbSettings } from "./settings.ts";
import { sourceBytes, sourcesOf } from "./sources.ts";
import { exists } from "../../system/files.ts";

/** Where the embedded warehouse of a home lives and what it is made from. */
export interface DuckdbWarehouseOptions {
  config: Config;
  paths: Pick<HomePaths, "trainingData" | "warehouse">;
}

/**
 * The embedded warehouse: training tables made by the user's SQL from the user's files, and the
 * forecasts, in one DuckDB file. The file is open only while a method works, since DuckDB lets one
 * process at a time use it; another process's use is a retryable `Failure`.
 */
export function openDuckdbWarehouse({ config, paths }: DuckdbWarehouseOptions): Warehouse {
  const file = paths.warehouse;
  const folder = path.resolve(paths.trainingData, duckdbSettings(config).prepare);
  const sources = sourcesOf(config, paths.trainingData);
  const preparation = { sources, folder, file };
  const priceSource = sources.find((source) => source.name === config.price.table);
  return {
    kind: "duckdb",

    inputFingerprint: (asOf) => inputFingerprint(config, sources, folder, asOf),

    prepare: (asOf, signal) =>
      withDatabase(
        file,
        async (connection) => {
          await giveRoom(connection, await sourceBytes(sources));
          const rows = await prepareTables(connection, preparation, asOf, signal);
          return { rows, ...FREE, jobs: [] };
        },
        signal,
      ),

    exportTable: (request, signal) =>
      withDatabase(
        file,
        async (connection) => {
          await giveRoom(connection, await sourceBytes(sources));
          // The tables are those of the same day, or the export is refused: no need to read the file.
          const prices = await priceQuery(connection, config, undefined, request.asOf);
          return exportTable(connection, { ...request, config, prices, signal });
        },
        signal,
      ),

    recompute: {
      recipe: async () =>
        recipeOf({ config, preparation }, (await sourceBytes(sources)) >= LARGE_FROM_BYTES),
      compare: (request, signal) =>
        withDatabase(
          file,
          async (connection) => {
            await giveRoom(connection, await sourceBytes(sources));
            return recompute(connection, { config, preparation }, request, signal);
          },
          signal,
        ),
    },

    // A series that lies in a file needs no database, and so waits for nobody.
    prices: (asOf) =>
      withDatabase(priceSource ? ":memory:" : file, async (connection) =>
        readPrices(connection, config, await priceQuery(connection, config, priceSource, asOf)),
      ),

    upload: (rows, signal) =>
      withDatabase(file, (connection) => uploadForecasts(connection, rows, signal), signal),

    async dropRetiredViews(signal) {
      if (!(await exists(file))) return [];
      return withDatabase(
        file,
        (connection) => dropRetiredViews(connection, config, signal),
        signal,
      );
    },

    async forecasts(filter) {
      if (!(await exists(file))) return [];
      return withDatabase(file, (connection) => readForecasts(connection, filter));
    },

    cost: () => FREE,
  };
}
