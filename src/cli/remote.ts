import type { Home } from "../config/home.ts";
import { type BigQueryWorld, bigqueryWorld } from "../warehouse/bigquery/open.ts";

/** The connection of a home to its remote warehouse, or undefined when its warehouse is embedded. */
export function remoteOf({ config, paths }: Home): BigQueryWorld | undefined {
  const settings = config.warehouse;
  return settings.kind === "bigquery" ? bigqueryWorld({ settings, paths }) : undefined;
}
