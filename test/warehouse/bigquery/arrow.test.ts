import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { bigqueryWarehouse } from "../../../src/config/bigquery-schema.ts";
import { queryRows, sqlText, withDuckdb } from "../../../src/system/duckdb.ts";
import { systemRandom } from "../../../src/system/random.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { ArrowUnavailable, readArrow } from "../../../src/warehouse/bigquery/arrow-read.ts";
import { convertToParquet } from "../../../src/warehouse/bigquery/convert.ts";
import { BigQueryRest } from "../../../src/warehouse/bigquery/rest.ts";
import { temporaryFolder } from "../../contract/warehouse.ts";
import { type ArrowSupply, startArrowFake } from "../../rig/arrow-fake.ts";
import { ManualClock } from "../../rig/manual-clock.ts";

const never = new AbortController().signal;
const table = { projectId: "local", datasetId: "d", tableId: "t" };

async function read(
  supply: ArrowSupply,
  file: string,
): Promise<{ rows: number; offsets: number[] }> {
  await using fake = await startArrowFake(supply);
  const settings = bigqueryWarehouse.parse({
    kind: "bigquery",
    project: "local",
    endpoint: { rest: "http://127.0.0.1:1", storage: fake.storage },
  });
  const authorization = async (): Promise<undefined> => undefined;
  const clock = new ManualClock(new Date(systemClock.now()).toISOString(), () => true);
  const rest = new BigQueryRest({ settings, authorization, clock, random: systemRandom });
  const rows = await readArrow(rest, settings, authorization, { table, file, signal: never });
  return { rows, offsets: fake.offsets };
}

void test("a stream that is cut goes on at its row, and its bytes make one Parquet file", async () => {
  await using folder = await temporaryFolder();
  const raw = path.join(folder.path, "t.raw");
  const supply = { columns: 5, rowsOfBatch: 1000, batches: 10, cutAfter: 4 };
  const { rows, offsets } = await read(supply, raw);
  assert.equal(rows, 10_000);
  assert.deepEqual(offsets, [0, 4000, 8000]);
  const file = path.join(folder.path, "t.parquet");
  const fields = ["date", "c1", "c2", "c3", "c4"].map((name, place) => ({
    name,
    type: place === 0 ? "DATE" : "FLOAT",
  }));
  const world = { environment: process.env, clock: systemClock };
  const written = await convertToParquet(
    { raw, form: "arrow", fields, date: "date", file },
    world,
    never,
  );
  const { columns, ...facts } = written;
  assert.deepEqual(facts, {
    rows: 10_000,
    first: "2024-01-02",
    last: "2024-01-02",
    isSorted: true,
  });
  assert.deepEqual(columns, await columnsOf(file));
});

/** What DuckDB says of a file. */
async function columnsOf(file: string): Promise<unknown> {
  return withDuckdb({ file: ":memory:" }, async (connection) =>
    queryRows(
      connection,
      `SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM read_parquet(${sqlText(file)}))`,
    ),
  );
}

void test("a session that is denied is told apart, so that REST can step in", async () => {
  await using folder = await temporaryFolder();
  const raw = path.join(folder.path, "t.raw");
  const supply = { columns: 2, rowsOfBatch: 10, batches: 1, isDenied: true };
  await assert.rejects(read(supply, raw), (error) => error instanceof ArrowUnavailable);
  await assert.rejects(stat(raw));
});
