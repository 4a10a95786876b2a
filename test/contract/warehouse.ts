import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { queryRows, sqlText, withDuckdb } from "../../src/system/duckdb.ts";
import { Failure } from "../../src/system/failure.ts";
import { forecastContract } from "./forecasts.ts";
import {
  baseline,
  forecast,
  SEED_HORIZONS,
  seed,
  temporaryFolder,
  type WarehouseFactory,
  type WarehouseSeed,
} from "./warehouse-seed.ts";

export { forecast, SEED_HORIZONS, seed, temporaryFolder } from "./warehouse-seed.ts";
export type {
  SeedRow,
  WarehouseFactory,
  WarehouseSeed,
  WarehouseUnderTest,
} from "./warehouse-seed.ts";

const never = new AbortController().signal;

/** What every warehouse must do. Each adapter's test calls it with a factory of its own. */
export function warehouseContract(name: string, open: WarehouseFactory): void {
  exportContract(name, open);
  readContract(name, open);
  forecastContract(name, open);
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

async function parquet(file: string): Promise<Record<string, unknown>[]> {
  return withDuckdb({ file: ":memory:" }, (connection) =>
    queryRows(connection, `SELECT * FROM read_parquet(${sqlText(file)})`),
  );
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
