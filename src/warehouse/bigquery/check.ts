import type { Config } from "../../config/schema.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { credentialsInWords } from "./credentials.ts";
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

/** How long the one query may take, with what waits for a busy service. */
const PROOF_MS = 45_000;

/**
 * Proves by one query, which reads nothing, that BigQuery answers who asks with the login of this process'
 * environment; says where, and with what kind of login. Throws a `Failure`, within 45 seconds.
 */
export async function proveWarehouse(
  { session, settings }: BigQueryWorld,
  signal: AbortSignal,
): Promise<string> {
  const timeout = AbortSignal.timeout(PROOF_MS);
  const bounded = AbortSignal.any([signal, timeout]);
  try {
    await queryObjects(session, { name: "check", sql: "SELECT 1 AS one", signal: bounded });
  } catch (error) {
    if (!timeout.aborted || signal.aborted || error instanceof Failure) throw error;
    throw new Failure({
      code: "CBI_BIGQUERY_SILENT",
      message: `the project ${settings.project} did not answer a query within ${PROOF_MS / 1000} s`,
      remedy:
        "See to the network and to https://status.cloud.google.com, then: cbi warehouse check",
      exit: ExitCode.unavailable,
      class: "retryable",
    });
  }
  const login = await credentialsInWords(settings);
  return `the project ${settings.project} answers a query in ${session.location}, asked with ${login}`;
}

/** Looks at all that a night needs: login, tables with their columns, the forecasts' dataset. */
export async function checkBigQuery(
  world: BigQueryWorld,
  config: Config,
  signal: AbortSignal,
): Promise<WarehouseCheck[]> {
  const { session, settings } = world;
  const { rest, location } = session;
  const names = tableNames(config, settings);
  const login = await check("login", async () => proveWarehouse(world, signal));
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
