import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseDate, choosePrice } from "../../../src/warehouse/starter/columns.ts";
import { symbolFromFileName } from "../../../src/warehouse/starter/home-plan.ts";

const column = (name: string, type: string) => ({ name, type, isDay: type === "DATE" });

void test("the column of days is the only one, the best named, or a question", () => {
  assert.deepEqual(chooseDate([column("when", "DATE"), column("x", "DOUBLE")]), { chosen: "when" });
  assert.deepEqual(chooseDate([column("expiry", "DATE"), column("Trade Date", "DATE")]), {
    chosen: "Trade Date",
  });
  assert.deepEqual(chooseDate([column("from", "DATE"), column("to", "DATE")]), {
    candidates: ["from", "to"],
  });
  assert.deepEqual(chooseDate([column("x", "DOUBLE")]), { candidates: [] });
});

void test("the column of prices is what settles the day, and never a volume", () => {
  const cases: [names: string[], expected: object][] = [
    [["DCOILWTICO"], { chosen: "DCOILWTICO" }],
    [["Open", "High", "Low", "Close", "Volume"], { chosen: "Close" }],
    [["Open", "High", "Low", "Close", "Adj Close", "Volume"], { chosen: "Adj Close" }],
    [["Last", "Settle", "Open Interest"], { chosen: "Settle" }],
    [["usd_per_barrel", "volume"], { chosen: "usd_per_barrel" }],
    [["wti", "brent"], { candidates: ["wti", "brent"] }],
    [["bid price", "ask price"], { candidates: ["bid price", "ask price"] }],
    [["Volume"], { chosen: "Volume" }],
    [[], { candidates: [] }],
  ];
  for (const [names, expected] of cases) {
    const columns = [column("date", "DATE"), ...names.map((name) => column(name, "DOUBLE"))];
    assert.deepEqual(choosePrice([...columns, column("note", "VARCHAR")], "date"), expected);
  }
});

void test("a file's name gives a symbol that the configuration takes", () => {
  const cases: Record<string, string> = {
    "wti.csv": "WTI",
    "brent spot-2024.csv.gz": "BRENT_SPOT_2024",
    "2024_zl.parquet": "ZL",
    "öl.csv": "L",
    "...csv": "SERIES",
    [`${"x".repeat(50)}.csv`]: "X".repeat(32),
  };
  for (const [name, symbol] of Object.entries(cases)) {
    assert.equal(symbolFromFileName(name), symbol);
  }
});
