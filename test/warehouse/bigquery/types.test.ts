import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { queryRows, sqlText, withDuckdb } from "../../../src/system/duckdb.ts";
import { runQuery } from "../../../src/warehouse/bigquery/query.ts";
import { openBigQueryWarehouse } from "../../../src/warehouse/bigquery/open.ts";
import { temporaryFolder } from "../../contract/warehouse.ts";
import { emulatorSkip, startLocalBigQuery } from "../../rig/local-bigquery.ts";
import { bigqueryHome, never } from "./home.ts";

const reason = await emulatorSkip();

void test(
  "an export by the Storage Read API and one by REST hold the same types and values, bit for bit",
  { skip: reason ?? false },
  async () => {
    await using server = await startLocalBigQuery();
    await using home = await bigqueryHome(server);
    await using folder = await temporaryFolder();
    const { project } = home.settings;
    await home.load("wti", { date: "DATE", price: "FLOAT64" }, PRICES);
    const sql = `CREATE TABLE \`${project}.training.wti_training_prod_allhistory_1w\` AS
      SELECT DATE '2024-01-02' AS date, 70.0 AS price, 0.01 AS target_1w, NUMERIC '-12345678901234567890.123456789' AS exact,
        TIMESTAMP '2024-01-02 03:04:05.123456+00' AS moment, DATETIME '2024-01-02 03:04:05.5' AS wall, TIME '01:02:03.25' AS clock,
        TRUE AS flag, 9007199254740993 AS whole, 'ünïcode "quoted"' AS word, b'ab' AS raw, 5e-324 AS tiny
      UNION ALL SELECT DATE '2024-01-03', 71.5, NULL, NULL, NULL, NULL, NULL, FALSE, NULL, NULL, NULL, CAST('nan' AS FLOAT64)
      UNION ALL SELECT DATE '2024-01-01', 71.5, -0.02, NUMERIC '0.1', TIMESTAMP '1969-12-31 23:59:59+00', NULL, NULL, NULL, -1, '', b'', 1e308`;
    await runQuery(home.session, { name: "make", sql, isRepeatable: false, signal: never });

    const exported = async (read: "arrow" | "rest") => {
      const file = path.join(folder.path, `${read}.parquet`);
      const warehouse = openBigQueryWarehouse({
        config: home.config,
        settings: { ...home.settings, read },
        paths: { root: folder.path, trainingData: folder.path },
        environment: process.env,
      });
      const request = { horizon: "1w", asOf: "2024-01-08", file };
      const receipt = await warehouse.exportTable(request, never);
      assert.match(receipt.jobs.join(), new RegExp(`\\(${read}\\)$`));
      return { file, receipt };
    };
    const arrow = await exported("arrow");
    const rest = await exported("rest");
    assert.deepEqual(rest.receipt.columns, arrow.receipt.columns);
    assert.deepEqual(
      arrow.receipt.columns.map(({ type }) => type),
      "DATE,DOUBLE,DOUBLE,DECIMAL(38,9),TIMESTAMP WITH TIME ZONE,TIMESTAMP,TIME,BOOLEAN,BIGINT,VARCHAR,BLOB,DOUBLE".split(
        /,(?=[A-Z])/,
      ),
    );
    const texts = await Promise.all([arrow.file, rest.file].map(rowsAsText));
    assert.deepEqual(texts[1], texts[0]);
    assert.deepEqual(
      texts[0]?.map((row) => [row["exact"], row["whole"]]),
      [
        ["0.100000000", "-1"],
        ["-12345678901234567890.123456789", "9007199254740993"],
        [null, null],
      ],
    );
  },
);

const PRICES = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"].map(
  (date) => ({
    date,
    price: 70,
  }),
);

async function rowsAsText(file: string): Promise<Record<string, unknown>[]> {
  return withDuckdb({ file: ":memory:" }, async (connection) => {
    await connection.run("SET TimeZone = 'UTC'");
    return queryRows(
      connection,
      `SELECT COLUMNS(*)::VARCHAR FROM read_parquet(${sqlText(file)}) ORDER BY date`,
    );
  });
}
