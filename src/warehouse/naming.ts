import type { Config } from "../config/schema.ts";

/** Names in a warehouse, the same in every kind of it. `schema` is BigQuery's dataset. */
export interface TableName {
  schema: string;
  table: string;
}

/** The training table of a horizon: `training.wti_1w` for the symbol WTI. */
export function trainingTable(config: Pick<Config, "symbol">, horizon: string): TableName {
  return { schema: "training", table: `${config.symbol.toLowerCase()}_${horizon}` };
}

/** The label's column: the log return over the horizon. */
export function labelColumn(horizon: string): string {
  return `target_${horizon}`;
}

export const FORECASTS: TableName = { schema: "predictions", table: "forecasts" };

/** The view of the newest published forecast of a horizon. */
export function latestView(horizon: string): TableName {
  return { schema: "predictions", table: `latest_${horizon}` };
}

/** A name as people write it: `training.wti_1w`. */
export function dotted(name: TableName): string {
  return `${name.schema}.${name.table}`;
}
