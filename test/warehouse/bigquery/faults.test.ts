import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { bigqueryWarehouse } from "../../../src/config/bigquery-schema.ts";
import { Failure } from "../../../src/system/failure.ts";
import { authorization } from "../../../src/warehouse/bigquery/credentials.ts";
import type { Cost } from "../../../src/warehouse/warehouse.ts";
import { forecast, seed, temporaryFolder } from "../../contract/warehouse.ts";
import { FakeBigQuery } from "../../rig/bigquery-fake.ts";
import { ManualClock } from "../../rig/manual-clock.ts";
import { bigqueryHome, type BigQueryHome, never, seedTables } from "./home.ts";

const ROWS = [forecast({}), forecast({ model_role: "challenger", algorithm: "xgboost_dart" })];

interface Bench extends AsyncDisposable {
  fake: FakeBigQuery;
  home: BigQueryHome;
  clock: ManualClock;
}

/** A fake with the contract's tables, and a clock on which every wait but a worker's passes at once. */
async function bench(changes: Record<string, unknown> = {}): Promise<Bench> {
  const fake = await FakeBigQuery.start();
  const clock = new ManualClock("2026-01-02T05:00:00Z", (ms) => ms < 60_000);
  const home = await bigqueryHome({ rest: fake.rest }, changes, clock);
  await seedTables(home, seed());
  fake.calls.length = 0;
  return {
    fake,
    home,
    clock,
    async [Symbol.asyncDispose]() {
      await fake[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

function failsWith(code: string, facts: Partial<Failure> = {}): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.code, code);
    for (const [name, value] of Object.entries(facts))
      assert.equal(Reflect.get(error, name), value);
    return true;
  };
}

for (const fault of [
  { status: 403, reason: "rateLimitExceeded" },
  { status: 503, reason: "backendError" },
  { status: 500, reason: "internalError" },
]) {
  void test(`every call that is refused once by ${fault.status} ${fault.reason} is made again`, async () => {
    await using one = await bench();
    const refused = new Set<string>();
    one.fake.fault = (call) => {
      const key = call.name + call.body;
      if (refused.has(key)) return undefined;
      refused.add(key);
      return fault;
    };
    const receipt = await one.home.open().upload(ROWS, never);
    assert.equal(receipt.rows, 2);
    assert.equal(one.clock.slept.length > 5, true);
    assert.equal(one.fake.jobs("cbi-merge-").length, 1);
  });
}

void test("a service that stays away is left after four minutes, as unavailable", async () => {
  await using one = await bench();
  const started = one.clock.now();
  one.fake.fault = () => ({ status: 503, reason: "backendError" });
  await assert.rejects(
    one.home.open().prices("2024-01-08"),
    failsWith("CBI_BIGQUERY_BUSY", { exit: 69, class: "retryable" }),
  );
  const seconds = (one.clock.now() - started) / 1000;
  assert.equal(seconds > 150 && seconds <= 240, true, `${seconds} s`);
});

const lasting: [status: number, reason: string, code: string][] = [
  [401, "authError", "CBI_BIGQUERY_CREDENTIALS"],
  [403, "quotaExceeded", "CBI_BIGQUERY_QUOTA"],
  [403, "accessDenied", "CBI_BIGQUERY_DENIED"],
];
for (const [status, reason, code] of lasting) {
  void test(`${status} ${reason} ends the work at the first call, with a remedy`, async () => {
    await using one = await bench();
    one.fake.fault = () => ({ status, reason });
    await assert.rejects(one.home.open().upload(ROWS, never), (error) => {
      failsWith(code, { exit: 69, class: "fatal" })(error);
      return error instanceof Failure && error.remedy !== undefined;
    });
    assert.equal(one.fake.calls.length, 1);
  });
}

void test("a query above the limit is refused with its number, and never run", async () => {
  await using one = await bench({ maximum_bytes_billed: 20_000_000 });
  one.fake.bytes = 20_000_001;
  await assert.rejects(one.home.open().prices("2024-01-08"), (error) => {
    failsWith("CBI_COST_LIMIT", { class: "fatal" })(error);
    return (
      error instanceof Failure && error.message.includes("20000001 bytes; the limit is 20000000")
    );
  });
  assert.deepEqual(one.fake.jobs("cbi-prices"), []);
});

void test("a query carries a limit a little above its estimate, and its bill is in the receipt", async () => {
  await using one = await bench();
  await using folder = await temporaryFolder();
  one.fake.bytes = 100_000_000;
  const file = path.join(folder.path, "1w.parquet");
  const request = { horizon: "1w", asOf: "2024-01-08", file };
  const receipt = await one.home.open().exportTable(request, never);
  assert.equal(receipt.bytesBilled, 100_000_000);
  assert.match(receipt.jobs.join(), /^cbi-2024-01-08-export-1w-\S+ \(rest\)$/);
  const limits = one.fake.calls.flatMap(
    ({ body }) => /"maximumBytesBilled":"(\d+)"/.exec(body)?.[1] ?? [],
  );
  assert.deepEqual(limits, ["120000000"]);
});

void test("estimate and bill count every query of a piece of work, and the warehouse those of all", async () => {
  await using one = await bench();
  await using folder = await temporaryFolder();
  one.fake.bytes = 30_000_000;
  one.fake.bytesBilled = 31_457_280;
  const warehouse = one.home.open();
  assert.deepEqual(warehouse.cost(), { bytesEstimated: 0, bytesBilled: 0 });
  const file = path.join(folder.path, "1w.parquet");
  const [exported, uploaded] = await Promise.all([
    warehouse.exportTable({ horizon: "1w", asOf: "2024-01-08", file }, never),
    warehouse.upload(ROWS, never),
  ]);
  assert.deepEqual(costOf(exported), times(1));
  // What is stored before, the MERGE, the view, and what is stored after it.
  assert.deepEqual(costOf(uploaded), times(4));
  // What is as it should be is read twice and not merged.
  assert.deepEqual(costOf(await warehouse.upload(ROWS, never)), times(3));
  await warehouse.prices("2024-01-08");
  assert.deepEqual(warehouse.cost(), times(9));
});

function costOf({ bytesEstimated, bytesBilled }: Cost): Cost {
  return { bytesEstimated, bytesBilled };
}

function times(queries: number): Cost {
  return { bytesEstimated: queries * 30_000_000, bytesBilled: queries * 31_457_280 };
}

void test("jobs that take their time are waited for", async () => {
  await using one = await bench();
  one.fake.pendingPolls = 4;
  const receipt = await one.home.open().upload(ROWS, never);
  assert.equal(receipt.rows, 2);
});

void test("the same night three times makes one MERGE", async () => {
  await using one = await bench();
  for (let night = 0; night < 3; night++) await one.home.open().upload(ROWS, never);
  assert.equal(one.fake.jobs("cbi-merge-").length, 1);
  assert.equal(one.fake.jobs("cbi-load-").length, 1);
  assert.equal((await one.home.open().forecasts({ symbol: "WTI" })).length, 2);
});

void test("a connection cut after the server applied, at any call, doubles nothing", async () => {
  let calls = Infinity;
  for (let number = 1; number <= calls; number++) {
    await using one = await bench();
    one.fake.fault = (_call, seen) => (seen === number ? "cut" : undefined);
    const receipt = await one.home.open().upload(ROWS, never);
    assert.equal(receipt.rows, 2, `cut at call ${number}`);
    assert.equal(one.fake.jobs("cbi-merge-").length, 1, `cut at call ${number}`);
    if (calls === Infinity) calls = one.fake.calls.length;
  }
  assert.equal(calls > 10, true);
});

void test("an upload that dies after any call is completed by the next, without a double or a gap", async () => {
  const old = [forecast({ price_now: 1 }), forecast({ price_now: 1, algorithm: "xgboost_gbtree" })];
  let calls = 1;
  for (let number = 1; number <= calls; number++) {
    await using one = await bench({ network_wait: "0s" });
    await one.home.open().upload(old, never);
    one.fake.calls.length = 0;
    one.fake.fault = (_call, seen) => (seen === number ? "dead" : undefined);
    const end = await one.home
      .open()
      .upload(ROWS, never)
      .then(
        () => "done",
        () => "died",
      );
    one.fake.revive();
    const between = (await one.home.open().forecasts({ symbol: "WTI" })).map(
      (row) => row.price_now,
    );
    assert.equal(new Set(between).size, 1, `half of both after call ${number}`);
    assert.equal(between.length, 2);
    const receipt = await one.home.open().upload(ROWS, never);
    assert.equal(receipt.rows, 2);
    assert.equal((await one.home.open().forecasts({ symbol: "WTI" })).length, 2);
    assert.equal(one.fake.jobs("cbi-merge-").length, 2, `died at call ${number}`);
    if (end === "died") calls = number + 1;
  }
  assert.equal(calls > 10, true);
});

void test("a network that is not there is awaited as long as configured, then told as that", async () => {
  await using one = await bench({ network_wait: "90s" });
  const started = one.clock.now();
  const { rest } = one.fake;
  await one.fake[Symbol.asyncDispose]();
  await assert.rejects(
    one.home.open().prices("2024-01-08"),
    failsWith("CBI_NETWORK_UNAVAILABLE", { exit: 69, class: "retryable" }),
  );
  const seconds = (one.clock.now() - started) / 1000;
  assert.equal(seconds > 45 && seconds <= 90, true, `${seconds} s at ${rest}`);
});

void test("a missing dataset and one elsewhere are told by name", async () => {
  await using one = await bench({ create_datasets: false });
  await assert.rejects(
    one.home.open().upload(ROWS, never),
    failsWith("CBI_DATASET_MISSING", { class: "data" }),
  );
  one.fake.locations.set("predictions", "EU");
  await assert.rejects(
    one.home.open().upload(ROWS, never),
    failsWith("CBI_BIGQUERY_LOCATION", { exit: 78 }),
  );
});

void test("a table of forecasts with other columns is refused, each column named", async () => {
  await using one = await bench({ tables: { forecasts: "training.wti" } });
  await assert.rejects(one.home.open().upload(ROWS, never), (error) => {
    failsWith("CBI_BIGQUERY_SCHEMA", { exit: 78 })(error);
    return (
      error instanceof Failure &&
      error.message.includes("price_low of type FLOAT64 (it is missing)")
    );
  });
});

void test("an older table is used by the names of its columns", async () => {
  await using one = await bench({
    tables: {
      forecasts: "predictions.daily_forecasts",
      latest: "predictions.vw_{symbol}_{horizon}_latest",
    },
    forecast_columns: { as_of: "as_of_date", price_now: "current_price" },
  });
  const receipt = await one.home.open().upload(ROWS, never);
  assert.deepEqual(receipt.views, ["predictions.vw_wti_1w_latest"]);
  const theirs = ROWS.map((row) => ({ ...row, symbol: "BRENT" }));
  await one.home.open().upload(theirs, never);
  const view = await one.home.query("SELECT symbol FROM `test.predictions.vw_wti_1w_latest`");
  assert.deepEqual(view, [{ symbol: "WTI" }], "a view named after a symbol shows no other");
  assert.equal(
    (await one.home.open().forecasts({ symbol: "WTI", asOfMin: "2024-01-08" })).length,
    2,
  );
  const [row] = await one.home.query(
    "SELECT as_of_date, current_price FROM `test.predictions.daily_forecasts` LIMIT 1",
  );
  assert.deepEqual(row, { as_of_date: "2024-01-08", current_price: "70.1" });
});

void test("a repeated column is refused by its name before anything is read", async () => {
  await using one = await bench();
  await using folder = await temporaryFolder();
  one.fake.nest("training.wti_training_prod_allhistory_1w", "momentum");
  const request = { horizon: "1w", asOf: "2024-01-08", file: path.join(folder.path, "f.parquet") };
  await assert.rejects(one.home.open().exportTable(request, never), (error) => {
    failsWith("CBI_COLUMN_NESTED", { class: "data", exit: 65 })(error);
    return error instanceof Failure && error.message.includes("momentum (repeated FLOAT)");
  });
  assert.deepEqual(one.fake.jobs("cbi-2024"), []);
});

void test("a key that others can read is refused, and a missing one names the login", async () => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, "key.json");
  const ask = () =>
    authorization(
      bigqueryWarehouse.parse({ kind: "bigquery", project: "my-project", credentials: { file } }),
    )();
  await assert.rejects(ask(), failsWith("CBI_BIGQUERY_CREDENTIALS", { class: "fatal", exit: 69 }));
  await writeFile(file, "{}");
  await chmod(file, 0o644);
  await assert.rejects(ask(), failsWith("CBI_SECRETS_EXPOSED", { exit: 78 }));
  await chmod(file, 0o600);
  await assert.rejects(ask(), failsWith("CBI_BIGQUERY_CREDENTIALS"));
});
