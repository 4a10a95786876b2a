import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { ForecastRow, PriceRow } from "../../src/evaluation/forecast.ts";
import { queryRows, sqlText, withDuckdb } from "../../src/system/duckdb.ts";
import { Failure } from "../../src/system/failure.ts";
import type { Warehouse } from "../../src/warehouse/warehouse.ts";

/** A training table as rows; the columns and their types are those of the first row. */
export type SeedRow = Record<string, string | number | null>;

/** What a warehouse under test starts with. The symbol is WTI, the horizons 1w: 2 and 1m: 4 rows. */
export interface WarehouseSeed {
  prices: readonly (Omit<PriceRow, "price"> & { price: number | null })[];
  /** By horizon. A horizon that is absent has no table; one without rows has an empty table. */
  tables: Readonly<Record<string, { columns: Record<string, string>; rows: readonly SeedRow[] }>>;
}

export const SEED_HORIZONS = { "1w": 2, "1m": 4 };

/** A seeded warehouse and what the contract must see of it beyond the port. */
export interface WarehouseUnderTest extends AsyncDisposable {
  warehouse: Warehouse;
  /** The same warehouse as another process would open it. */
  reopen(): Warehouse;
  /** The rows of a view, dates as ISO text. */
  view(name: string): Promise<Record<string, unknown>[]>;
}

export type WarehouseFactory = (seed: WarehouseSeed) => Promise<WarehouseUnderTest>;

const never = new AbortController().signal;

/** What every warehouse must do. Each adapter's test calls it with a factory of its own. */
export function warehouseContract(name: string, open: WarehouseFactory): void {
  exportContract(name, open);
  readContract(name, open);
  uploadContract(name, open);
  symbolContract(name, open);
  interruptionContract(name, open);
}

function exportContract(name: string, open: WarehouseFactory): void {
  void test(`${name}: an export holds the rows up to the as-of date, in order, and its receipt says so`, async () => {
    await using home = await open(seed());
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "1w.parquet");
    await home.warehouse.prepare("2024-01-08", never);
    const receipt = await home.warehouse.exportTable(
      { horizon: "1w", asOf: "2024-01-08", file },
      never,
    );
    const rows = await parquet(file);
    assert.deepEqual(
      rows.map((row) => row["date"]),
      ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08"],
    );
    assert.equal(receipt.rows, 5);
    assert.deepEqual(receipt.dates, { first: "2024-01-02", last: "2024-01-08" });
    assert.deepEqual(receipt.columns, [
      { name: "date", type: "DATE" },
      { name: "symbol", type: "VARCHAR" },
      { name: "price", type: "DOUBLE" },
      { name: "momentum", type: "DOUBLE" },
      { name: "target_1w", type: "DOUBLE" },
      { name: "label_reason", type: "VARCHAR" },
    ]);
    assert.equal(receipt.bytesBilled >= 0, true);
    assert.deepEqual(
      rows.map((row) => row["momentum"]),
      [0.1, 0.2, null, 0.4, 0.5],
    );
  });

  void test(`${name}: a label that had not matured on the as-of date is null in the export`, async () => {
    await using home = await open(seed());
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "1w.parquet");
    await home.warehouse.prepare("2024-01-08", never);
    await home.warehouse.exportTable({ horizon: "1w", asOf: "2024-01-08", file }, never);
    const rows = await parquet(file);
    assert.deepEqual(
      rows.map((row) => [row["target_1w"], row["label_reason"]]),
      [
        [0.01, null],
        [0.02, null],
        [0.03, null],
        [null, "not_matured"],
        [null, "not_matured"],
      ],
    );
  });

  void test(`${name}: a day replayed after a later one is exported as if the later were unknown`, async () => {
    await using home = await open(seed());
    await using folder = await temporaryFolder();
    const exported = async (asOf: string, file: string) => {
      await home.warehouse.prepare(asOf, never);
      const target = path.join(folder.path, file);
      await home.warehouse.exportTable({ horizon: "1m", asOf, file: target }, never);
      return parquet(target);
    };
    const first = await exported("2024-01-08", "a.parquet");
    const later = await exported("2024-01-10", "b.parquet");
    const again = await exported("2024-01-08", "c.parquet");
    assert.equal(later.length, 7);
    assert.deepEqual(again, first);
  });

  void test(`${name}: exports of several horizons may be asked for side by side`, async () => {
    await using home = await open(seed());
    await using folder = await temporaryFolder();
    await home.warehouse.prepare("2024-01-10", never);
    const receipts = await Promise.all(
      Object.keys(SEED_HORIZONS).map((horizon) =>
        home.warehouse.exportTable(
          { horizon, asOf: "2024-01-10", file: path.join(folder.path, `${horizon}.parquet`) },
          never,
        ),
      ),
    );
    assert.deepEqual(
      receipts.map(({ rows }) => rows),
      [7, 7],
    );
  });

  const { tables } = seed();
  const weekly = tables["1w"];
  assert.ok(weekly);
  const { date: _date, ...withoutDate } = weekly.columns;
  const refusals: [what: string, seed: WarehouseSeed][] = [
    ["a table without rows", { ...seed(), tables: { "1w": { ...weekly, rows: [] } } }],
    ["a table that is not there", { ...seed(), tables: {} }],
    [
      "a table without the column date",
      {
        ...seed(),
        tables: {
          "1w": { columns: withoutDate, rows: weekly.rows.map(({ date: _date, ...row }) => row) },
        },
      },
    ],
  ];
  for (const [what, refused] of refusals) {
    void test(`${name}: the export of ${what} is refused as data, and leaves no claim to success`, async () => {
      await using home = await open(refused);
      await using folder = await temporaryFolder();
      const file = path.join(folder.path, "1w.parquet");
      await home.warehouse.prepare("2024-01-08", never);
      await assert.rejects(
        home.warehouse.exportTable({ horizon: "1w", asOf: "2024-01-08", file }, never),
        (error) => error instanceof Failure && error.class === "data" && error.exit === 65,
      );
    });
  }

  void test(`${name}: a table whose rows all lie after the as-of date is refused as data`, async () => {
    await using home = await open(seed());
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "1w.parquet");
    await home.warehouse.prepare("2023-12-29", never);
    await assert.rejects(
      home.warehouse.exportTable({ horizon: "1w", asOf: "2023-12-29", file }, never),
      (error) => error instanceof Failure && error.class === "data",
    );
  });
}

function readContract(name: string, open: WarehouseFactory): void {
  void test(`${name}: prices come in order up to the as-of date, without blanks, below zero too`, async () => {
    await using home = await open(seed());
    await home.warehouse.prepare("2024-01-08", never);
    assert.deepEqual(await home.warehouse.prices("2024-01-08"), [
      { date: "2024-01-02", price: 70 },
      { date: "2024-01-03", price: 71.5 },
      { date: "2024-01-04", price: -36.98 },
      { date: "2024-01-05", price: 73 },
      { date: "2024-01-08", price: 70.1 },
    ]);
  });

  void test(`${name}: the input fingerprint is stable and differs between days`, async () => {
    await using home = await open(seed());
    const first = await home.warehouse.inputFingerprint("2024-01-08");
    await home.warehouse.prepare("2024-01-08", never);
    assert.equal(await home.reopen().inputFingerprint("2024-01-08"), first);
    assert.notEqual(await home.warehouse.inputFingerprint("2024-01-09"), first);
  });
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

function interruptionContract(name: string, open: WarehouseFactory): void {
  void test(`${name}: an aborted signal ends every long method with its reason`, async () => {
    await using home = await open(seed());
    await using folder = await temporaryFolder();
    const reason = new Error("stopped by the test");
    const aborted = AbortSignal.abort(reason);
    const file = path.join(folder.path, "1w.parquet");
    const isReason = (error: unknown): boolean => error === reason;
    await assert.rejects(home.warehouse.prepare("2024-01-08", aborted), isReason);
    await home.warehouse.prepare("2024-01-08", never);
    const request = { horizon: "1w", asOf: "2024-01-08", file };
    await assert.rejects(home.warehouse.exportTable(request, aborted), isReason);
    await assert.rejects(home.warehouse.upload([forecast({})], aborted), isReason);
    assert.deepEqual(await home.warehouse.forecasts({ symbol: "WTI" }), []);
  });

  void test(`${name}: an upload stopped at any moment leaves the old rows or the new`, async () => {
    await using home = await open(seed());
    const old = [forecast({}), baseline({})];
    const next = [forecast({ price_now: 1 }), forecast({ price_now: 1, model_role: "challenger" })];
    // Stopped later and later, until it comes through. One that was stopped may have been just done.
    let outcome = "stopped";
    for (let turns = 0; outcome === "stopped"; turns = Math.ceil(turns * 1.4) + 1) {
      await home.warehouse.upload(old, never);
      const controller = new AbortController();
      const upload = home.warehouse.upload(next, controller.signal).then(
        () => "done",
        () => "stopped",
      );
      for (let turn = 0; turn < turns; turn++) await nextTurn();
      controller.abort(new Error("stopped by the test"));
      outcome = await upload;
      const stored = (await home.warehouse.forecasts({ symbol: "WTI" })).map(
        (row) => row.price_now,
      );
      const isNew = stored.every((price) => price === 1);
      if (outcome === "done") assert.ok(isNew);
      assert.deepEqual(stored, isNew ? [1, 1] : [70.1, 70.1], `after ${turns} turns`);
    }
  });
}

/** Seven days of prices with a blank and a price below zero; labels that know the whole week. */
export function seed(): WarehouseSeed {
  const days = [2, 3, 4, 5, 8, 9, 10].map((day) => `2024-01-${String(day).padStart(2, "0")}`);
  const prices = [70, 71.5, -36.98, 73, 70.1, 69, 68.2];
  const table = (horizon: string) => ({
    columns: {
      date: "DATE",
      symbol: "VARCHAR",
      price: "DOUBLE",
      momentum: "DOUBLE",
      [`target_${horizon}`]: "DOUBLE",
      label_reason: "VARCHAR",
    },
    rows: days
      .map((date, index) => ({
        date,
        symbol: "WTI",
        price: prices[index] ?? null,
        momentum: index === 2 ? null : (index + 1) / 10,
        [`target_${horizon}`]: (index + 1) / 100,
        label_reason: null,
      }))
      // A table has no order of its own.
      .toReversed(),
  });
  return {
    prices: [
      ...days.map((date, index) => ({ date, price: prices[index] ?? null })),
      { date: "2024-01-06", price: null },
    ].toReversed(),
    tables: { "1w": table("1w"), "1m": table("1m") },
  };
}

/** A champion's forecast of WTI as of 2024-01-08 for a week, with what is asked for. */
export function forecast(changes: Partial<ForecastRow>): ForecastRow {
  return {
    symbol: "WTI",
    as_of: "2024-01-08",
    horizon: "1w",
    target_date: "2024-01-10",
    model_role: "champion",
    algorithm: "lightgbm_dart",
    model_version: "20240108-abcdef",
    price_now: 70.1,
    price_predicted: 70.25,
    price_low: 66,
    price_high: 75.5,
    return_predicted: 0.0021,
    run: "run-1",
    ...changes,
  };
}

function baseline(changes: Partial<ForecastRow>): ForecastRow {
  return forecast({
    model_role: "baseline",
    algorithm: "random_walk",
    model_version: "random_walk",
    return_predicted: 0,
    ...changes,
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

async function parquet(file: string): Promise<Record<string, unknown>[]> {
  return withDuckdb({ file: ":memory:" }, (connection) =>
    queryRows(connection, `SELECT * FROM read_parquet(${sqlText(file)})`),
  );
}

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), "cbi-warehouse-"));
  return {
    path: folder,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
