import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Config, configSchema } from "../../../src/config/schema.ts";
import { queryRows, sqlName, sqlText, withDuckdb } from "../../../src/system/duckdb.ts";
import { type HomePaths, homePaths } from "../../../src/system/home.ts";
import { openDuckdbWarehouse } from "../../../src/warehouse/duckdb/open.ts";
import type { Warehouse } from "../../../src/warehouse/warehouse.ts";
import {
  SEED_HORIZONS,
  temporaryFolder,
  type WarehouseSeed,
  type WarehouseUnderTest,
} from "../../contract/warehouse.ts";

/** A home in a temporary folder, made of texts by path under TrainingData/. */
export interface TestHome extends AsyncDisposable {
  config: Config;
  paths: HomePaths;
  warehouse: Warehouse;
  /** The path of a file under TrainingData/. */
  file(name: string): string;
  write(files: Record<string, string>): Promise<void>;
  query(sql: string): Promise<Record<string, unknown>[]>;
}

/** Makes a home with the given files and `warehouse.sources`, horizons 1w: 2 and 1m: 4. */
export async function testHome(
  files: Record<string, string>,
  sources: Record<string, unknown>,
  changes: Record<string, unknown> = {},
): Promise<TestHome> {
  const folder = await temporaryFolder();
  const paths = homePaths(folder.path);
  const config = configSchema.parse({
    version: 1,
    symbol: "WTI",
    warehouse: { kind: "duckdb", sources },
    price: { table: "wti", date: "date", column: "price" },
    horizons: SEED_HORIZONS,
    ...changes,
  });
  const file = (name: string): string => path.join(paths.trainingData, name);
  const write = async (texts: Record<string, string>): Promise<void> => {
    for (const [name, text] of Object.entries(texts)) {
      await mkdir(path.dirname(file(name)), { recursive: true });
      await writeFile(file(name), text);
    }
  };
  await mkdir(file("prepare"), { recursive: true });
  await write(files);
  return {
    config,
    paths,
    warehouse: openDuckdbWarehouse({ config, paths }),
    file,
    write,
    query: (sql) =>
      withDuckdb({ file: paths.warehouse, memoryLimit: "128MB" }, (connection) =>
        queryRows(connection, sql),
      ),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** The contract's seed as Parquet sources that trivial SQL shows as the training tables. */
export async function seededDuckdb(seed: WarehouseSeed): Promise<WarehouseUnderTest> {
  const sources: Record<string, unknown> = { wti: "raw/wti.csv" };
  const sql = [];
  for (const [horizon, { columns }] of Object.entries(seed.tables)) {
    const date = "date" in columns ? "date" : "none";
    sources[`ready_${horizon}`] = { path: `raw/${horizon}.parquet`, date };
    sql.push(`CREATE VIEW training.wti_${horizon} AS SELECT * FROM ready_${horizon};`);
  }
  const lines = seed.prices.map(({ date, price }) => `${date},${price ?? ""}`);
  const home = await testHome(
    { "raw/wti.csv": ["date,price", ...lines, ""].join("\n"), "prepare/10.sql": sql.join("\n") },
    sources,
  );
  for (const [horizon, { columns, rows }] of Object.entries(seed.tables)) {
    await writeParquet(home.file(`raw/${horizon}.parquet`), columns, rows);
  }
  return {
    warehouse: home.warehouse,
    reopen: () => openDuckdbWarehouse(home),
    view: (name) => home.query(`SELECT * FROM ${name}`),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

async function writeParquet(
  file: string,
  columns: Record<string, string>,
  rows: readonly Record<string, string | number | null>[],
): Promise<void> {
  await withDuckdb({ file: ":memory:" }, async (connection) => {
    const declared = Object.entries(columns).map(([name, type]) => `${sqlName(name)} ${type}`);
    await connection.run(`CREATE TABLE t (${declared.join(", ")})`);
    for (const row of rows) {
      const values = Object.keys(columns).map((name) => literal(row[name] ?? null));
      await connection.run(`INSERT INTO t VALUES (${values.join(", ")})`);
    }
    await connection.run(`COPY t TO ${sqlText(file)} (FORMAT parquet)`);
  });
}

function literal(value: string | number | null): string {
  if (value === null) return "NULL";
  return typeof value === "number" ? String(value) : sqlText(value);
}
