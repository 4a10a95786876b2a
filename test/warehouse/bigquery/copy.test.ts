import assert from "node:assert/strict";
import { test } from "node:test";
import { copyForecasts } from "../../../src/warehouse/copy.ts";
import { openDuckdbWarehouse } from "../../../src/warehouse/duckdb/open.ts";
import { homePaths } from "../../../src/system/home.ts";
import { forecast, temporaryFolder } from "../../contract/warehouse.ts";
import { FakeBigQuery } from "../../rig/bigquery-fake.ts";
import { bigqueryHome, never } from "./home.ts";

const asOf = "2024-01-09";
const ROWS = [
  forecast({ as_of: "2024-01-08" }),
  forecast({ as_of: "2024-01-08", model_role: "challenger", algorithm: "xgboost_dart" }),
  forecast({ as_of: "2024-01-09", price_predicted: 1 / 3 }),
];

void test("forecasts are copied up and down, again and again, and what the target has besides stays", async () => {
  await using fake = await FakeBigQuery.start();
  await using home = await bigqueryHome({ rest: fake.rest });
  await using folder = await temporaryFolder();
  const { config } = home;
  const local = openDuckdbWarehouse({ config, paths: homePaths(folder.path) });
  const remote = home.open();
  assert.deepEqual(await copyForecasts({ config, warehouse: local, asOf }, remote, never), []);

  await local.upload(ROWS.slice(0, 2), never);
  await local.upload(ROWS.slice(2), never);
  const theirs = forecast({ symbol: "BRENT", as_of: "2024-01-08" });
  const older = forecast({ as_of: "2024-01-05" });
  const replaced = forecast({ as_of: "2024-01-08", algorithm: "xgboost_gbtree" });
  for (const row of [theirs, older, replaced]) await remote.upload([row], never);
  const before = fake.jobs("cbi-merge-").length;
  for (let time = 0; time < 2; time++) {
    const copied = await copyForecasts({ config, warehouse: local, asOf }, remote, never);
    assert.deepEqual(copied, [{ table: "forecasts", rows: 3 }]);
    assert.equal(fake.jobs("cbi-merge-").length, before + 2, "one for each day, once");
  }
  const stored = await remote.forecasts({ symbol: "WTI" });
  assert.deepEqual(stored, [older, ...(await local.forecasts({ symbol: "WTI" }))]);
  assert.deepEqual(await remote.forecasts({ symbol: "BRENT" }), [theirs]);

  await using other = await temporaryFolder();
  const offline = openDuckdbWarehouse({ config, paths: homePaths(other.path) });
  await copyForecasts({ config, warehouse: remote, asOf: "2024-01-08" }, offline, never);
  const early = stored.filter((row) => row.as_of <= "2024-01-08");
  assert.deepEqual(await offline.forecasts({ symbol: "WTI" }), early);
});
