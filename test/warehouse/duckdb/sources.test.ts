import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../../src/system/failure.ts";
import { testHome } from "./home.ts";

const never = new AbortController().signal;
const TABLE = "CREATE TABLE training.seen AS SELECT * FROM wti;";

void test("dates in any one form become days, and rows after the as-of date are hidden", async () => {
  const forms: [form: string, dates: [string, string, string]][] = [
    ["ISO", ["2024-01-30", "2024-01-31", "2024-02-01"]],
    ["compact", ["20240130", "20240131", "20240201"]],
    ["month first", ["01/30/2024", "01/31/2024", "02/01/2024"]],
    ["day first", ["30/01/2024", "31/01/2024", "01/02/2024"]],
    ["German", ["30.01.2024", "31.01.2024", "01.02.2024"]],
    ["month name", ['"Jan 30, 2024"', '"Jan 31, 2024"', '"Feb 1, 2024"']],
    ["day and month name", ["30-Jan-2024", "31-Jan-2024", "01-Feb-2024"]],
    ["two-digit year", ["30-Jan-24", "31-Jan-24", "01-Feb-24"]],
    ["time stamp", ["2024-01-30 16:00:00", "2024-01-31 16:00:00", "2024-02-01 16:00:00"]],
    [
      "New York",
      ["2024-01-30 00:00:00-05:00", "2024-01-31 20:00:00-05:00", "2024-02-01 00:00:00-05:00"],
    ],
    ["UTC", ["2024-01-30T00:00:00Z", "2024-01-31T00:00:00Z", "2024-02-01T00:00:00Z"]],
  ];
  for (const [form, dates] of forms) {
    const text = ["date,price", ...dates.map((date, index) => `${date},${70 + index}`), ""];
    await using home = await testHome(
      { "raw/wti.csv": text.join("\n"), "prepare/1.sql": TABLE },
      { wti: "raw/wti.csv" },
    );
    await home.warehouse.prepare("2024-01-31", never);
    const rows = await home.query("SELECT typeof(date) AS type, date, price FROM training.seen");
    assert.deepEqual(
      rows,
      [
        { type: "DATE", date: "2024-01-30", price: 70 },
        { type: "DATE", date: "2024-01-31", price: 71 },
      ],
      form,
    );
    assert.equal((await home.warehouse.prices("2024-01-31")).length, 2, form);
  }
});

void test("blank cells and the usual marks of a missing value are null, and prices skip them", async () => {
  await using home = await testHome(
    {
      "raw/wti.csv":
        "date,price\n2024-01-02,70\n2024-01-03,.\n2024-01-04,\n2024-01-05,NA\n2024-01-08,NaN\n2024-01-09,71\n",
      "prepare/1.sql": TABLE,
    },
    { wti: "raw/wti.csv" },
  );
  await home.warehouse.prepare("2024-01-31", never);
  assert.deepEqual(
    await home.query("SELECT count(*) AS n, count(price) AS priced FROM training.seen"),
    [{ n: 6, priced: 2 }],
  );
  assert.deepEqual(await home.warehouse.prices("2024-01-31"), [
    { date: "2024-01-02", price: 70 },
    { date: "2024-01-09", price: 71 },
  ]);
});

void test("a source may name another date column, or have none", async () => {
  await using home = await testHome(
    {
      "raw/wti.csv": "Day;Close\n2024-01-02;70\n2024-02-02;71\n",
      "raw/regions.csv": "region,weight\nNA,1\nEU,2\n",
      "prepare/1.sql":
        "CREATE TABLE training.seen AS SELECT Day, weight FROM wti, regions ORDER BY ALL;",
    },
    {
      wti: { path: "raw/wti.csv", date: "Day" },
      regions: { path: "raw/regions.csv", date: "none" },
    },
    { price: { table: "wti", date: "Day", column: "Close" } },
  );
  await home.warehouse.prepare("2024-01-31", never);
  assert.deepEqual(await home.query("FROM training.seen"), [
    { Day: "2024-01-02", weight: 1 },
    { Day: "2024-01-02", weight: 2 },
  ]);
  assert.equal((await home.warehouse.prices("2024-01-31")).length, 1);
});

const refusals: [what: string, text: string | undefined, code: string, says: RegExp][] = [
  ["a file that is not there", undefined, "CBI_SOURCE_MISSING", /raw\/wti\.csv/],
  [
    "a file without the date column",
    "day,price\n2024-01-02,1\n",
    "CBI_SOURCE_DATE_MISSING",
    /'date'/,
  ],
  [
    "dates in two forms",
    "date,price\n2024-01-02,1\n3.1.2024,1\n",
    "CBI_SOURCE_DATE_UNREADABLE",
    /date/,
  ],
  [
    "a date that may be two days",
    "date,price\n01/02/2024,1\n01/03/2024,2\n",
    "CBI_SOURCE_DATE_UNREADABLE",
    /no doubt/,
  ],
  ["dates that are none", "date,price\nsoon,1\nlater,2\n", "CBI_SOURCE_DATE_UNREADABLE", /VARCHAR/],
];
for (const [what, text, code, says] of refusals) {
  void test(`${what} is refused as data, with the way out`, async () => {
    await using home = await testHome(text === undefined ? {} : { "raw/wti.csv": text }, {
      wti: "raw/wti.csv",
    });
    const isRefusal = (error: unknown): boolean =>
      error instanceof Failure &&
      error.code === code &&
      error.exit === 65 &&
      error.class === "data" &&
      error.remedy !== undefined &&
      says.test(error.message);
    await assert.rejects(home.warehouse.prepare("2024-01-31", never), isRefusal);
    await assert.rejects(home.warehouse.prices("2024-01-31"), isRefusal);
  });
}

void test("a pattern is one source of several files, and a file that comes changes the fingerprint", async () => {
  await using home = await testHome(
    {
      "raw/wti-2023.csv": "date,price\n2023-12-29,69\n",
      "raw/wti-2024.csv": "date,price\n2024-01-02,70\n2024-02-02,71\n",
    },
    { wti: "raw/wti-*.csv" },
  );
  assert.equal((await home.warehouse.prices("2024-01-31")).length, 2);
  const first = await home.warehouse.inputFingerprint("2024-01-31");
  await home.write({ "raw/wti-2022.csv": "date,price\n2022-12-30,68\n" });
  assert.equal((await home.warehouse.prices("2024-01-31")).length, 3);
  assert.notEqual(await home.warehouse.inputFingerprint("2024-01-31"), first);
});

void test("a cut-off Parquet source is refused as unreadable", async () => {
  await using home = await testHome(
    { "raw/wti.parquet": "PAR1 and then nothing" },
    { wti: "raw/wti.parquet" },
  );
  await assert.rejects(home.warehouse.prepare("2024-01-31", never), {
    code: "CBI_SOURCE_UNREADABLE",
  });
});

void test("prices that are no numbers are refused with the column's name", async () => {
  await using home = await testHome(
    { "raw/wti.csv": "date,price\n2024-01-02,70\n2024-01-03,n.q.\n" },
    { wti: "raw/wti.csv" },
  );
  await assert.rejects(home.warehouse.prices("2024-01-31"), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, "CBI_PRICE_UNREADABLE");
    assert.match(error.message, /'price' of wti/);
    return true;
  });
});

void test("the fingerprint changes with a byte of a source, a byte of SQL and the configuration", async () => {
  const files = { "raw/wti.csv": "date,price\n2024-01-02,70\n", "prepare/1.sql": TABLE };
  await using home = await testHome(files, { wti: "raw/wti.csv" });
  await using other = await testHome(files, { wti: "raw/wti.csv" }, { horizons: { "1w": 3 } });
  const first = await home.warehouse.inputFingerprint("2024-01-31");
  assert.notEqual(await other.warehouse.inputFingerprint("2024-01-31"), first);
  await home.write({ "raw/wti.csv": "date,price\n2024-01-02,71\n" });
  const second = await home.warehouse.inputFingerprint("2024-01-31");
  assert.notEqual(second, first);
  await home.write({ "prepare/1.sql": `${TABLE} ` });
  assert.notEqual(await home.warehouse.inputFingerprint("2024-01-31"), second);
  await home.write(files);
  assert.equal(await home.warehouse.inputFingerprint("2024-01-31"), first);
});
