import type { Config } from "../../config/schema.ts";
import { Failure } from "../../system/failure.ts";
import { assertFlat, exportedColumns } from "./export-columns.ts";
import type { BigQueryWorld } from "./open.ts";
import { queryObjects } from "./query.ts";
import { requireDataset, requireTable, shown, tableNames } from "./tables.ts";

/** One thing that a night needs, and whether it is so. */
export interface WarehouseCheck {
  name: string;
  isGood: boolean;
  message: string;
  remedy: string | undefined;
}

/** Looks at all that a night needs: login, tables with their columns, the forecasts' dataset. */
export async function checkBigQuery(
  { session, settings }: BigQueryWorld,
  config: Config,
  signal: AbortSignal,
): Promise<WarehouseCheck[]> {
  const { rest, location } = session;
  const names = tableNames(config, settings);
  const login = await check("login", async () => {
    await queryObjects(session, { name: "check", sql: "SELECT 1 AS one", signal });
    return `the project ${settings.project} answers a query in ${location}`;
  });
  // Without a login all else would fail by the same sentence.
  if (!login.isGood) return [login];
  const checks = [login];
  for (const horizon of Object.keys(config.horizons)) {
    checks.push(
      await check(`table ${horizon}`, async () => {
        const table = await requireTable(rest, names.training(horizon), location, signal);
        const name = shown(names.training(horizon));
        assertFlat(table.schema.fields, name);
        exportedColumns(table.schema.fields, settings, horizon, name);
        return `${name} has ${table.numRows} rows, ${table.schema.fields.length} columns`;
      }),
    );
  }
  checks.push(
    await check("prices", async () => {
      const table = await requireTable(rest, names.price, location, signal);
      return `${shown(names.price)} has ${table.numRows} rows`;
    }),
  );
  checks.push(
    await check("forecasts", async () => {
      const { datasetId } = names.forecasts;
      if (settings.create_datasets) return `${datasetId} is made when it is missing`;
      await requireDataset(rest, datasetId, location, signal);
      return `the dataset ${datasetId} is in ${location}`;
    }),
  );
  return checks;
}

async function check(name: string, look: () => Promise<string>): Promise<WarehouseCheck> {
  try {
    return { name, isGood: true, message: await look(), remedy: undefined };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { name, isGood: false, message: error.message, remedy: error.remedy };
  }
}
