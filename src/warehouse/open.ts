import type { Config } from "../config/schema.ts";
import type { HomePaths } from "../system/home.ts";
import { openBigQueryWarehouse } from "./bigquery/open.ts";
import { openDuckdbWarehouse } from "./duckdb/open.ts";
import type { Warehouse } from "./warehouse.ts";

/**
 * The warehouse that a home's configuration names. Nothing is opened or contacted yet. `environment`
 * says where the workers are, which write a remote warehouse's exports.
 */
export function openWarehouse(
  config: Config,
  paths: HomePaths,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Warehouse {
  const settings = config.warehouse;
  switch (settings.kind) {
    case "duckdb":
      return openDuckdbWarehouse({ config, paths });
    case "bigquery":
      return openBigQueryWarehouse({ config, settings, paths, environment });
  }
}
