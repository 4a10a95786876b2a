import assert from "node:assert/strict";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { before, test } from "node:test";
import { parse } from "yaml";
import { type Config, configSchema } from "../../src/config/schema.ts";
import { queryRows, sqlText, withDuckdb } from "../../src/system/duckdb.ts";
import { hashFile } from "../../src/system/files.ts";
import { homePaths } from "../../src/system/home.ts";
import { openDuckdbWarehouse } from "../../src/warehouse/duckdb/open.ts";
import type { PriceRow } from "../../src/evaluation/forecast.ts";
import { temporaryFolder } from "../contract/warehouse.ts";

// The demo home's own files and SQL, on its real prices.
const root = path.resolve(import.meta.dirname, "../..");
const never = new AbortController().signal;
const LAST_DAY = "2025-12-31";
const NOT_FEATURES = ["date", "symbol", "price", "label_reason"];

let config: Config;
let full: Record<string, Row[]>;
type Row = Record<string, unknown>;

before(async () => {
  config = configSchema.parse(parse(await readFile(path.join(root, "cbi.yaml"), "utf8")));
  await using folder = await temporaryFolder();
  await exportDemo(folder.path, LAST_DAY);
  full = {};
  for (const horizon of Object.keys(config.horizons)) {
    full[horizon] = await rowsOf(parquetOf(folder.path, horizon));
  }
});

void test("every training table has one row a price, its label, and forty features or more", async () => {
  const prices = await pricesUpTo(LAST_DAY);
  assert.deepEqual(Object.keys(full), ["1w", "1m", "3m", "6m", "12m"]);
  for (const [horizon, rows] of Object.entries(full)) {
    assert.deepEqual(
      rows.map((row) => ({ date: row["date"], price: row["price"] })),
      prices,
    );
    const features = Object.entries(rows.at(-1) ?? {}).filter(
      ([name]) => !NOT_FEATURES.includes(name) && !name.startsWith("target_"),
    );
    assert.ok(features.length >= 40, `${horizon}: ${features.length}`);
    for (const [name, value] of features) assert.equal(typeof value, "number", name);
    assert.deepEqual(
      Object.keys(rows[0] ?? {}).filter((name) => name.startsWith("target_")),
      [`target_${horizon}`],
    );
  }
});

void test("labels are log returns over price rows, or null with the reason", async () => {
  for (const [horizon, rows] of Object.entries(full)) {
    const ahead = config.horizons[horizon] ?? 0;
    const reasons = new Map<unknown, number>();
    for (const [index, row] of rows.entries()) {
      const label = row[`target_${horizon}`];
      const reason = row["label_reason"];
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      const now = Number(row["price"]);
      const then = rows[index + ahead]?.["price"];
      if (now <= 0 || Number(then) <= 0)
        assert.deepEqual([label, reason], [null, "non_positive_price"]);
      else if (then === undefined) assert.deepEqual([label, reason], [null, "not_matured"]);
      else {
        assert.ok(
          Math.abs(Number(label) - Math.log(Number(then) / now)) < 1e-12,
          String(row["date"]),
        );
        assert.equal(reason, null);
      }
    }
    assert.equal(reasons.get("non_positive_price"), 2);
    assert.equal(reasons.get("not_matured"), ahead);
  }
});

void test("what needs the negative price of 2020-04-20 is null, and windows skip it", () => {
  const rows = full["1w"] ?? [];
  const bad = rows.findIndex((row) => row["date"] === "2020-04-20");
  assert.equal(rows[bad]?.["price"], -36.98);
  assert.equal(rows[bad]?.["return_1"], null);
  assert.equal(rows[bad + 1]?.["return_1"], null);
  assert.equal(rows[bad + 21]?.["return_21"], null);
  assert.equal(rows[bad]?.["distance_63"], null);
  assert.equal(typeof rows[bad + 1]?.["distance_63"], "number");
  for (const index of [bad, bad + 1, bad + 40, bad + 1000]) {
    const returns = rows
      .slice(index - 62, index + 1)
      .map((row) => row["return_1"])
      .filter((value) => typeof value === "number");
    const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length;
    const squares = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const expected = Math.sqrt(squares / (returns.length - 1));
    assert.ok(Math.abs(Number(rows[index]?.["volatility_63"]) - expected) < 1e-12);
  }
});

void test("every number is finite, and after the first two years only the bad price leaves gaps", () => {
  for (const row of full["12m"] ?? []) {
    for (const [name, value] of Object.entries(row)) {
      if (typeof value === "number")
        assert.ok(Number.isFinite(value), `${name} of ${String(row["date"])}`);
      const day = String(row["date"]);
      const isQuiet = day > "1989-01-01" && (day < "2020-04-20" || day > "2021-06-01");
      if (isQuiet && value === null && !name.startsWith("target_") && name !== "label_reason") {
        assert.fail(`${name} of ${day} is null`);
      }
    }
  }
});

// Quiet and wild days, a Brent holiday, the day of the negative price and the days after it.
for (const asOf of ["1995-08-17", "2008-10-10", "2020-04-20", "2020-04-22", "2024-12-26"]) {
  void test(`as of ${asOf} the files give what the same files cut off on that day give`, async () => {
    await using whole = await temporaryFolder();
    await using cut = await temporaryFolder();
    await exportDemo(whole.path, asOf);
    await exportDemo(cut.path, asOf, (day) => day <= asOf);
    for (const horizon of Object.keys(config.horizons)) {
      assert.equal(
        await hashFile(parquetOf(whole.path, horizon)),
        await hashFile(parquetOf(cut.path, horizon)),
      );
    }
    // No feature of an older day changes when later days become known.
    const then = await rowsOf(parquetOf(whole.path, "1w"));
    assert.equal(then.at(-1)?.["date"], asOf);
    for (const [index, row] of then.entries()) {
      if (index < then.length - 400) continue;
      assert.deepEqual(featuresOf(row), featuresOf(full["1w"]?.[index] ?? {}), String(row["date"]));
    }
  });
}

void test("SQL that forgets the as-of date cannot see past it", async () => {
  await using folder = await temporaryFolder();
  const warehouse = await demoIn(folder.path);
  await writeFile(
    path.join(folder.path, "TrainingData/prepare/99_careless.sql"),
    "CREATE TABLE training.careless AS SELECT max(date) AS newest FROM (FROM wti UNION FROM brent);",
  );
  await warehouse.prepare("2015-03-06", never);
  const rows = await withDuckdb({ file: homePaths(folder.path).warehouse }, (connection) =>
    queryRows(connection, "FROM training.careless"),
  );
  assert.deepEqual(rows, [{ newest: "2015-03-06" }]);
});

function featuresOf(row: Row): Row {
  const { label_reason: _reason, ...others } = row;
  return Object.fromEntries(Object.entries(others).filter(([name]) => !name.startsWith("target_")));
}

function parquetOf(folder: string, horizon: string): string {
  return path.join(folder, `${horizon}.parquet`);
}

/** A copy of the demo's TrainingData in a folder, its files cut to the lines whose day is kept. */
async function demoIn(folder: string, isKept: (day: string) => boolean = () => true) {
  const paths = homePaths(folder);
  for (const name of ["raw/wti.csv", "raw/brent.csv"]) {
    const [header = "", ...lines] = (await readFile(path.join(root, "TrainingData", name), "utf8"))
      .trimEnd()
      .split("\n");
    const kept = lines.filter((line) => isKept(line.slice(0, 10)));
    await mkdir(path.dirname(path.join(paths.trainingData, name)), { recursive: true });
    await writeFile(path.join(paths.trainingData, name), [header, ...kept, ""].join("\n"));
  }
  await mkdir(path.join(paths.trainingData, "prepare"), { recursive: true });
  for (const name of ["prepare/10_features.sql", "prepare/20_training.sql"]) {
    await copyFile(path.join(root, "TrainingData", name), path.join(paths.trainingData, name));
  }
  return openDuckdbWarehouse({ config, paths });
}

async function exportDemo(
  folder: string,
  asOf: string,
  isKept?: (day: string) => boolean,
): Promise<void> {
  const warehouse = await demoIn(folder, isKept);
  await warehouse.prepare(asOf, never);
  for (const horizon of Object.keys(config.horizons)) {
    await warehouse.exportTable({ horizon, asOf, file: parquetOf(folder, horizon) }, never);
  }
}

function rowsOf(file: string): Promise<Row[]> {
  return withDuckdb({ file: ":memory:" }, (connection) =>
    queryRows(connection, `FROM read_parquet(${sqlText(file)})`),
  );
}

async function pricesUpTo(asOf: string): Promise<PriceRow[]> {
  return openDuckdbWarehouse({ config, paths: homePaths(root) }).prices(asOf);
}
