import type { z } from "zod";
import { bigqueryWarehouse } from "../../../src/config/bigquery-schema.ts";
import { type Config, configSchema } from "../../../src/config/schema.ts";
import { type Clock, systemClock } from "../../../src/system/clock.ts";
import { systemRandom } from "../../../src/system/random.ts";
import { openBigQueryWarehouse } from "../../../src/warehouse/bigquery/open.ts";
import { Meter, queryObjects, type Session } from "../../../src/warehouse/bigquery/query.ts";
import { BigQueryRest } from "../../../src/warehouse/bigquery/rest.ts";
import {
  createDataset,
  createTable,
  type TableReference,
} from "../../../src/warehouse/bigquery/tables.ts";
import { runJob } from "../../../src/warehouse/bigquery/jobs.ts";
import type { Warehouse } from "../../../src/warehouse/warehouse.ts";
import {
  SEED_HORIZONS,
  type SeedRow,
  temporaryFolder,
  type WarehouseSeed,
  type WarehouseUnderTest,
} from "../../contract/warehouse.ts";

export const never = new AbortController().signal;
const TYPES: Record<string, string> = { VARCHAR: "STRING", DOUBLE: "FLOAT64" };
let projects = 0;

/** A BigQuery-speaking server as a warehouse, with a project of its own for one test. */
export interface BigQueryHome extends AsyncDisposable {
  config: Config;
  settings: z.infer<typeof bigqueryWarehouse>;
  session: Session;
  open(): Warehouse;
  query(sql: string): Promise<Record<string, unknown>[]>;
  load(name: string, columns: Record<string, string>, rows: readonly SeedRow[]): Promise<void>;
}

export async function bigqueryHome(
  endpoint: { rest: string; storage?: string },
  changes: Record<string, unknown> = {},
  clock: Clock = systemClock,
): Promise<BigQueryHome> {
  const folder = await temporaryFolder();
  projects += 1;
  const settings = bigqueryWarehouse.parse({
    kind: "bigquery",
    project: `test-${process.pid}-${projects}`,
    endpoint,
    create_datasets: true,
    network_wait: "5s",
    ...changes,
  });
  const config = configSchema.parse({
    version: 1,
    symbol: "WTI",
    warehouse: { kind: "duckdb", sources: {} },
    price: { table: "wti", date: "date", column: "price" },
    horizons: SEED_HORIZONS,
  });
  const rest = new BigQueryRest({
    settings,
    authorization: async () => undefined,
    clock,
    random: systemRandom,
  });
  const bytesMax = settings.maximum_bytes_billed;
  const session = { rest, location: settings.location, bytesMax, meter: new Meter() };
  await createDataset(rest, "training", settings.location, never);
  return {
    config,
    settings,
    session,
    open: () =>
      openBigQueryWarehouse({
        config,
        settings,
        paths: { root: folder.path, trainingData: folder.path },
        environment: process.env,
        clock,
      }),
    async query(sql) {
      const { rows } = await queryObjects(session, { name: "test", sql, signal: never });
      return rows;
    },
    load: (name, columns, rows) =>
      loadRows(
        session,
        { projectId: settings.project, datasetId: "training", tableId: name },
        columns,
        rows,
      ),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function loadRows(
  session: Session,
  table: TableReference,
  columns: Record<string, string>,
  rows: readonly SeedRow[],
): Promise<void> {
  const fields = Object.entries(columns).map(([name, type]) => ({
    name,
    type: TYPES[type] ?? type,
  }));
  await createTable(session.rest, table, fields, never);
  if (rows.length === 0) return;
  await runJob(session.rest, {
    name: `test-${table.datasetId}-${table.tableId}`,
    location: session.location,
    signal: never,
    upload: rows.map((row) => JSON.stringify(row)).join("\n"),
    configuration: {
      load: {
        destinationTable: table,
        sourceFormat: "NEWLINE_DELIMITED_JSON",
        schema: { fields },
      },
    },
  });
}

/** The contract's seed under the default names of the tables. */
export async function seededBigQuery(
  endpoint: { rest: string; storage?: string },
  seed: WarehouseSeed,
): Promise<WarehouseUnderTest> {
  const home = await bigqueryHome(endpoint);
  await seedTables(home, seed);
  return {
    warehouse: home.open(),
    reopen: () => home.open(),
    view: (name) => home.query(`SELECT * FROM \`${home.settings.project}.${name}\``),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

/** The contract's tables under the default names. */
export async function seedTables(home: BigQueryHome, seed: WarehouseSeed): Promise<void> {
  await home.load("wti", { date: "DATE", price: "FLOAT64" }, seed.prices);
  for (const [horizon, { columns, rows }] of Object.entries(seed.tables)) {
    await home.load(`wti_training_prod_allhistory_${horizon}`, columns, rows);
  }
}
