import { dropTable, findTable, shown, sqlName, sqlTable, sqlText, tableNames } from "./tables.ts";
import type { ForecastWorld } from "./forecasts.ts";
import { queryObjects } from "./query.ts";

/**
 * Drops the views of the newest forecast of horizons that the configuration no longer has, and
 * returns their names. A horizon of which another symbol has forecasts may be another home's, and a
 * view that shows a present horizon too, by a name without the horizon, stays.
 */
export async function dropRetiredViews(
  { session, config, settings }: ForecastWorld,
  signal: AbortSignal,
): Promise<string[]> {
  signal.throwIfAborted();
  const names = tableNames(config, settings);
  if (!(await findTable(session.rest, names.forecasts, signal))) return [];
  const column = (name: string): string => sqlName(settings.forecast_columns[name] ?? name);
  const sql =
    `SELECT ${column("horizon")} AS horizon FROM ${sqlTable(names.forecasts)} GROUP BY ${column("horizon")} ` +
    `HAVING COUNTIF(${column("symbol")} <> ${sqlText(config.symbol)}) = 0 ORDER BY ${column("horizon")}`;
  const { rows } = await queryObjects(session, { name: "horizons", sql, signal });
  const present = new Set(Object.keys(config.horizons).map((one) => shown(names.latest(one))));
  const dropped: string[] = [];
  for (const { horizon } of rows) {
    if (typeof horizon !== "string" || Object.hasOwn(config.horizons, horizon)) continue;
    const view = names.latest(horizon);
    if (present.has(shown(view))) continue;
    if ((await findTable(session.rest, view, signal))?.type !== "VIEW") continue;
    await dropTable(session.rest, view, signal);
    dropped.push(shown(view));
  }
  return dropped;
}
