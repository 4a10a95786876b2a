import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Config } from "../../config/schema.ts";
import type { PriceRow } from "../../evaluation/forecast.ts";
import type { HomePaths } from "../../system/home.ts";
import { openWarehouse } from "../../warehouse/open.ts";

/**
 * Every price that the home's files hold up to `through`, by which a replay is judged afterwards.
 * Read through a warehouse of its own in a temporary folder, so that neither the home's nor the
 * nights' is opened: a series that the user's SQL makes would otherwise have to be prepared there.
 */
export async function knownPrices(
  config: Config,
  paths: HomePaths,
  through: string,
  signal: AbortSignal,
): Promise<PriceRow[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "cbi-replay-prices-"));
  try {
    const scratch = { ...paths, warehouse: path.join(folder, "prices.duckdb") };
    const warehouse = openWarehouse(config, scratch);
    const isSource = Object.hasOwn(config.warehouse.sources, config.price.table);
    if (!isSource) await warehouse.prepare(through, signal);
    return await warehouse.prices(through);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
