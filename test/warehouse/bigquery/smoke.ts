import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { BigQuerySettings } from "../../../src/config/bigquery-schema.ts";
import { configSchema } from "../../../src/config/schema.ts";
import { queryRows, sqlText, withDuckdb } from "../../../src/system/duckdb.ts";
import { Failure } from "../../../src/system/failure.ts";
import { checkBigQuery } from "../../../src/warehouse/bigquery/check.ts";
import { estimateNight } from "../../../src/warehouse/bigquery/estimate.ts";
import { bigqueryWorld, openBigQueryWarehouse } from "../../../src/warehouse/bigquery/open.ts";
import { queryObjects } from "../../../src/warehouse/bigquery/query.ts";
import {
  createDataset,
  dropTable,
  sqlText as literal,
  tableNames,
} from "../../../src/warehouse/bigquery/tables.ts";
import { forecast, temporaryFolder } from "../../contract/warehouse.ts";
import { never } from "./home.ts";

const AS_OF = "2024-02-20";

/**
 * All that a night asks of BigQuery, on tables of its own in one dataset, which is made and stays; the tables
 * go. It bills some 200 MB of queries, which the free tier covers.
 */
export async function smoke(settings: BigQuerySettings, dataset: string): Promise<void> {
  await using folder = await temporaryFolder();
  const prepare = path.join(folder.path, "sql");
  await mkdir(prepare);
  const own: BigQuerySettings = {
    ...settings,
    create_datasets: true,
    prepare,
    tables: {
      training: `${dataset}.smoke_training_{horizon}`,
      price: `${dataset}.smoke_{price_table}`,
      forecasts: `${dataset}.smoke_daily_forecasts`,
      latest: `${dataset}.smoke_vw_{symbol}_{horizon}_latest`,
    },
    forecast_columns: { as_of: "as_of_date", price_now: "current_price" },
  };
  const config = configSchema.parse({
    version: 1,
    symbol: "WTI",
    warehouse: settings,
    price: { table: "wti", date: "date", column: "price" },
    horizons: { "1w": 5 },
  });
  const paths = { root: folder.path, trainingData: folder.path };
  const world = bigqueryWorld({ settings: own, paths });
  const { rest, location } = world.session;
  const names = tableNames(config, own);
  const open = (read: BigQuerySettings["read"] = "auto") =>
    openBigQueryWarehouse({ config, settings: { ...own, read }, paths, environment: process.env });
  await createDataset(rest, dataset, location, never);
  try {
    await writeFile(path.join(prepare, "10.sql"), makeTables(`${settings.project}.${dataset}`));
    await open().prepare(AS_OF, never);
    const checks = await checkBigQuery(world, config, never);
    assert.deepEqual(
      checks.filter(({ isGood }) => !isGood),
      [],
    );
    const estimates = await estimateNight(world, config, AS_OF, never);
    assert.deepEqual(
      estimates.map(({ query }) => query),
      ["prices", "export 1w"],
    );
    assert.equal((await open().prices(AS_OF)).length, 51);

    const [byArrow, byRest] = [await exported("arrow"), await exported("rest")];
    assert.equal(byArrow.length, 51);
    assert.deepEqual(byRest, byArrow);

    const rows = [forecast({ price_predicted: 1 / 3 }), forecast({ algorithm: "xgboost_dart" })];
    const first = await open().upload(rows, never);
    assert.equal((await open().upload(rows, never)).hash, first.hash);
    assert.equal((await open().forecasts({ symbol: "WTI" })).length, 2);

    // By its statements' jobs, since the text does not say it.
    const target = `\`${settings.project}.${dataset}.smoke_daily_forecasts\``;
    const deletes = `EXECUTE IMMEDIATE "DELETE FROM ${target} WHERE true";`;
    await writeFile(path.join(prepare, "10.sql"), deletes);
    await assert.rejects(
      open().prepare(AS_OF, never),
      (error) => error instanceof Failure && error.code === "CBI_SQL_NOT_YOURS",
    );
    const hostile = "'; DROP TABLE x; -- \\' \" ` \n \r \t $as_of @p ü";
    const request = { name: "quotes", sql: `SELECT ${literal(hostile)} AS said`, signal: never };
    assert.deepEqual((await queryObjects(world.session, request)).rows, [{ said: hostile }]);
  } finally {
    for (const table of [names.latest("1w"), names.forecasts, names.training("1w"), names.price]) {
      await dropTable(rest, table, never);
    }
  }

  async function exported(read: "arrow" | "rest"): Promise<Record<string, unknown>[]> {
    const file = path.join(folder.path, `${read}.parquet`);
    const request = { horizon: "1w", asOf: AS_OF, file };
    const { jobs } = await open(read).exportTable(request, never);
    assert.match(jobs.join(), new RegExp(`\\(${read}\\)$`));
    return withDuckdb({ file: ":memory:" }, async (connection) => {
      await connection.run("SET TimeZone = 'UTC'");
      const sql = `SELECT COLUMNS(*)::VARCHAR FROM read_parquet(${sqlText(file)}) ORDER BY date`;
      return queryRows(connection, sql);
    });
  }
}

/** Eighty days of a straight line, with a column of every type that an export takes. */
function makeTables(dataset: string): string {
  return `CREATE OR REPLACE TABLE \`${dataset}.smoke_wti\` AS
    SELECT DATE_ADD(DATE '2024-01-01', INTERVAL n DAY) AS date, 70.0 + n AS price FROM UNNEST(GENERATE_ARRAY(0, 80)) AS n;
    CREATE OR REPLACE TABLE \`${dataset}.smoke_training_1w\` AS
    SELECT date, price, price / 1000 AS target_1w, NUMERIC '-1.123456789' AS exact,
      TIMESTAMP '2024-01-02 03:04:05.123456+00' AS moment, DATETIME '2024-01-02 03:04:05.5' AS wall,
      TIME '01:02:03.25' AS clock, TRUE AS flag, 9007199254740993 AS whole, 'ünïcode' AS word, b'ab' AS raw
    FROM \`${dataset}.smoke_wti\`;`;
}
