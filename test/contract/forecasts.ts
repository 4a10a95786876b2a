import assert from "node:assert/strict";
import { test } from "node:test";
import type { ForecastRow } from "../../src/evaluation/forecast.ts";
import type { Warehouse } from "../../src/warehouse/warehouse.ts";
import { baseline, forecast, seed, type WarehouseFactory } from "./warehouse-seed.ts";

const never = new AbortController().signal;

/** What every warehouse must do with forecasts. */
export function forecastContract(name: string, open: WarehouseFactory): void {
  uploadContract(name, open);
  symbolContract(name, open);
}

function uploadContract(name: string, open: WarehouseFactory): void {
  void test(`${name}: forecasts come back exactly, to the last bit of every double`, async () => {
    await using home = await open(seed());
    const rows = [
      forecast({ price_now: 0.1 + 0.2, price_predicted: 1 / 3, return_predicted: -2.5e-17 }),
      forecast({
        horizon: "1m",
        price_now: -36.98,
        price_predicted: 5e-324,
        price_low: -1.797e308,
        price_high: 2 ** 53 + 2,
        run: "run with 'quotes' and ünicode",
      }),
    ];
    const receipt = await home.warehouse.upload(rows, never);
    assert.equal(receipt.rows, 2);
    assert.match(receipt.hash, /^[0-9a-f]{64}$/);
    const stored = await home.reopen().forecasts({ symbol: "WTI" });
    assert.deepEqual(stored, [rows[1], rows[0]]);
  });

  void test(`${name}: the same upload again changes nothing and proves the same rows`, async () => {
    await using home = await open(seed());
    const rows = [forecast({}), baseline({})];
    const first = await home.warehouse.upload(rows, never);
    const second = await home.reopen().upload(rows.toReversed(), never);
    assert.equal(second.hash, first.hash);
    assert.equal((await home.warehouse.forecasts({ symbol: "WTI" })).length, 2);
  });

  void test(`${name}: an algorithm that changes its role leaves no stale row`, async () => {
    await using home = await open(seed());
    const kept = [forecast({ horizon: "1m" }), forecast({ as_of: "2024-01-05" })];
    await home.warehouse.upload([forecast({}), forecast({ horizon: "1m" }), baseline({})], never);
    await home.warehouse.upload([forecast({ as_of: "2024-01-05" })], never);
    const now = [forecast({ model_role: "challenger" }), forecast({ algorithm: "xgboost_dart" })];
    await home.warehouse.upload(now, never);
    assert.deepEqual(
      (await home.warehouse.forecasts({ symbol: "WTI" })).map(keyOf).sort(),
      [...kept, ...now].map(keyOf).sort(),
    );
  });

  void test(`${name}: a batch that is empty, mixed or has a key twice is a bug and writes nothing`, async () => {
    await using home = await open(seed());
    const batches = [
      [],
      [forecast({}), forecast({ as_of: "2024-01-05", horizon: "1m" })],
      [forecast({}), forecast({ price_now: 1 })],
    ];
    for (const rows of batches) await assert.rejects(home.warehouse.upload(rows, never));
    assert.deepEqual(await home.warehouse.forecasts({ symbol: "WTI" }), []);
  });

  void test(`${name}: the latest view shows the newest day's champion, or its baseline`, async () => {
    await using home = await open(seed());
    const challenger = forecast({ model_role: "challenger", algorithm: "xgboost_dart" });
    const receipt = await home.warehouse.upload([forecast({}), challenger, baseline({})], never);
    assert.deepEqual(receipt.views, ["predictions.latest_1w"]);
    assert.deepEqual((await home.view("predictions.latest_1w")).map(roleOf), [
      "champion lightgbm_dart",
    ]);

    const next = { as_of: "2024-01-09" };
    await home.warehouse.upload([baseline(next), { ...challenger, ...next }], never);
    const rows = await home.view("predictions.latest_1w");
    assert.deepEqual(rows.map(roleOf), ["baseline random_walk"]);
    assert.equal(rows[0]?.["as_of"], "2024-01-09");
    assert.deepEqual(Object.keys(rows[0] ?? {}), Object.keys(forecast({})));

    // An older day that is published later, as a replay does, is not the latest.
    await home.warehouse.upload([forecast({ as_of: "2024-01-03" })], never);
    assert.equal((await home.view("predictions.latest_1w"))[0]?.["as_of"], "2024-01-09");
  });

  void test(`${name}: the view of a horizon that is gone is dropped, and nothing else`, async () => {
    await using home = await open(seed());
    assert.deepEqual(await home.warehouse.dropRetiredViews(never), []);
    const rows = [forecast({}), forecast({ horizon: "9m" })];
    await home.warehouse.upload(rows, never);
    const brent = { symbol: "BRENT", horizon: "6m" };
    await home.warehouse.upload([forecast(brent), forecast({ ...brent, horizon: "1m" })], never);
    await home.warehouse.upload([forecast({ horizon: "6m", as_of: "2024-01-09" })], never);
    assert.deepEqual(await home.warehouse.dropRetiredViews(never), ["predictions.latest_9m"]);
    assert.deepEqual(await home.reopen().dropRetiredViews(never), []);
    await assert.rejects(home.view("predictions.latest_9m"));
    assert.equal((await home.view("predictions.latest_6m")).length, 2, "of two symbols");
    assert.equal((await home.view("predictions.latest_1w")).length, 1);
    assert.deepEqual(await home.warehouse.forecasts({ symbol: "WTI", horizon: "9m" }), [rows[1]]);
    await home.warehouse.upload(rows, never);
    assert.equal((await home.view("predictions.latest_9m")).length, 1, "a horizon may come back");
  });

  void test(`${name}: forecasts are filtered by day and horizon and come in order`, async () => {
    await using home = await open(seed());
    assert.deepEqual(await home.warehouse.forecasts({ symbol: "WTI" }), []);
    for (const as_of of ["2024-01-05", "2024-01-03", "2024-01-04"]) {
      const rows = [forecast({ as_of }), baseline({ as_of }), forecast({ as_of, horizon: "1m" })];
      await home.warehouse.upload(rows, never);
    }
    const days = async (filter: Omit<Parameters<Warehouse["forecasts"]>[0], "symbol">) =>
      (await home.warehouse.forecasts({ symbol: "WTI", ...filter })).map(keyOf);
    assert.deepEqual(await days({ asOfMin: "2024-01-04", asOfMax: "2024-01-04" }), [
      "2024-01-04 1m champion lightgbm_dart",
      "2024-01-04 1w baseline random_walk",
      "2024-01-04 1w champion lightgbm_dart",
    ]);
    assert.equal((await days({ asOfMax: "2024-01-04" })).length, 6);
    assert.equal((await days({ asOfMin: "2024-01-04", horizon: "1m" })).length, 2);
    assert.deepEqual(await days({ horizon: "12m" }), []);
  });
}

function symbolContract(name: string, open: WarehouseFactory): void {
  void test(`${name}: two symbols in one table do not see each other`, async () => {
    await using home = await open(seed());
    const ours = [forecast({}), baseline({}), forecast({ horizon: "1m" })];
    const theirs = ours.map((row) => ({ ...row, symbol: "BRENT", price_now: 74.9 }));
    const sent = await home.warehouse.upload(ours, never);
    const beside = await home.warehouse.upload(theirs, never);
    assert.notEqual(beside.hash, sent.hash);
    assert.equal(beside.rows, 3, "the receipt proves one symbol's rows");
    const stored = async (symbol: string) =>
      (await home.reopen().forecasts({ symbol, asOfMax: "2024-01-08" })).toSorted(byKey);
    assert.deepEqual(await stored("WTI"), ours.toSorted(byKey));
    assert.deepEqual(await stored("BRENT"), theirs.toSorted(byKey));
    assert.deepEqual(await stored("wti"), []);

    const next = [forecast({ price_now: 71 }), baseline({ price_now: 71 })];
    assert.equal((await home.warehouse.upload(next, never)).rows, 2);
    assert.deepEqual(await stored("BRENT"), theirs.toSorted(byKey));
    const latest = await home.view("predictions.latest_1w");
    const prices = latest.map((row) => `${String(row["symbol"])} ${Number(row["price_now"])}`);
    assert.deepEqual(prices.sort(), ["BRENT 74.9", "WTI 71"]);
  });
}

function keyOf(row: ForecastRow): string {
  return `${row.as_of} ${row.horizon} ${row.model_role} ${row.algorithm}`;
}

function byKey(left: ForecastRow, right: ForecastRow): number {
  return keyOf(left) < keyOf(right) ? -1 : 1;
}

function roleOf(row: Record<string, unknown>): string {
  return `${String(row["model_role"])} ${String(row["algorithm"])}`;
}
