import assert from "node:assert/strict";
import { test } from "node:test";
import { bigqueryWarehouse } from "../../../src/config/bigquery-schema.ts";
import { configSchema } from "../../../src/config/schema.ts";
import { bigqueryWorld, openBigQueryWarehouse } from "../../../src/warehouse/bigquery/open.ts";
import { dropTable, tableNames } from "../../../src/warehouse/bigquery/tables.ts";
import { forecast, temporaryFolder } from "../../contract/warehouse.ts";

const project = process.env["CBI_TEST_BIGQUERY_PROJECT"];
const dataset = process.env["CBI_TEST_BIGQUERY_DATASET"] ?? "cbi_smoke";
const location = process.env["CBI_TEST_BIGQUERY_LOCATION"] ?? "US";
const never = new AbortController().signal;

void test(
  "a real project takes an upload twice and gives the rows back once",
  {
    skip:
      project === undefined &&
      "needs credentials: log in by gcloud and set CBI_TEST_BIGQUERY_PROJECT (and _DATASET, _LOCATION)",
  },
  async () => {
    await using folder = await temporaryFolder();
    const settings = bigqueryWarehouse.parse({
      kind: "bigquery",
      project,
      location,
      create_datasets: true,
      tables: { forecasts: `${dataset}.forecasts`, latest: `${dataset}.latest_{horizon}` },
    });
    const config = configSchema.parse({
      version: 1,
      symbol: "WTI",
      warehouse: settings,
      price: { table: "wti", date: "date", column: "price" },
      horizons: { "1w": 5 },
    });
    const paths = { root: folder.path, trainingData: folder.path };
    const warehouse = openBigQueryWarehouse({ config, settings, paths, environment: process.env });
    const rows = [forecast({ price_predicted: 1 / 3 }), forecast({ algorithm: "xgboost_dart" })];
    const first = await warehouse.upload(rows, never);
    const second = await warehouse.upload(rows, never);
    assert.equal(second.hash, first.hash);
    assert.equal((await warehouse.forecasts({ symbol: "WTI" })).length, 2);
    const { rest } = bigqueryWorld({ settings, paths }).session;
    const names = tableNames(config, settings);
    await dropTable(rest, names.latest("1w"), never);
    await dropTable(rest, names.forecasts, never);
  },
);
