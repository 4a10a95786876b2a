import type { Config } from "../config/schema.ts";
import type { HomePaths } from "../system/home.ts";
import { openDuckdbWarehouse } from "./duckdb/open.ts";
import type { Warehouse } from "./warehouse.ts";

/** The warehouse that a home's configuration names. Nothing is opened or contacted yet. */
export function openWarehouse(config: Config, paths: HomePaths): Warehouse {
  switch (config.warehouse.kind) {
    case "duckdb":
      return openDuckdbWarehouse({ config, paths });
  }
}
