import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { command } from "../../../src/cli/commands/init.ts";
import { loadHome } from "../../../src/config/home.ts";
import type { Clock } from "../../../src/system/clock.ts";
import { queryRows, sqlText, withDuckdb } from "../../../src/system/duckdb.ts";
import { Failure } from "../../../src/system/failure.ts";
import { openWarehouse } from "../../../src/warehouse/open.ts";
import { temporaryFolder } from "../../contract/warehouse.ts";

const never = new AbortController().signal;

void test("a foreign file with gaps and blanks becomes a home whose tables export", async () => {
  await using folder = await temporaryFolder();
  await writeFile(path.join(folder.path, "Brent Spot.csv"), await foreignBrent());
  const { json, remarks } = await init(folder.path, ["home"], {
    from: "Brent Spot.csv",
    symbol: "BRN",
  });
  assert.deepEqual(json["files"], [
    "TrainingData/raw/Brent Spot.csv",
    "TrainingData/prepare/10_features.sql",
    "TrainingData/prepare/20_training.sql",
    "cbi.yaml",
  ]);
  assert.equal(json["date_column"], "Trade Date");
  assert.equal(json["price_column"], "Close USD");
  assert.equal(json["blank_prices"], 183);
  assert.ok(remarks.some((line) => line.includes("pins as_of")));

  const home = await homeIn(path.join(folder.path, "home"));
  assert.deepEqual(home.warnings, []);
  assert.equal(home.config.as_of, "2025-12-31");
  assert.deepEqual(Object.keys(home.config.horizons), ["1w", "1m", "3m", "6m", "12m"]);
  const warehouse = openWarehouse(home.config, home.paths);
  await warehouse.prepare("2025-12-31", never);
  const prices = await warehouse.prices("2025-12-31");
  assert.equal(prices.length, json["prices"]);
  for (const [horizon, ahead] of Object.entries(home.config.horizons)) {
    const file = path.join(folder.path, `${horizon}.parquet`);
    const receipt = await warehouse.exportTable({ horizon, asOf: "2025-12-31", file }, never);
    assert.equal(receipt.rows, prices.length);
    const rows = await rowsOf(file);
    const features = Object.keys(rows[0] ?? {}).filter(
      (name) => !/^(date|symbol|price|label_reason|target_.*)$/.test(name),
    );
    assert.ok(features.length >= 40, `${features.length} features`);
    assert.ok(features.includes("volatility_63"));
    assert.deepEqual(
      rows.map((row) => row["price"]),
      prices.map((row) => row.price),
    );
    assert.equal(rows.filter((row) => row[`target_${horizon}`] === null).length, ahead);
    const newest = rows.at(-1) ?? {};
    for (const name of features) assert.equal(typeof newest[name], "number", name);
  }
});

void test("living data are not pinned, and a Parquet file does as well", async () => {
  await using folder = await temporaryFolder();
  const csv = path.join(folder.path, "foreign.csv");
  await writeFile(csv, await foreignBrent());
  await withDuckdb({ file: ":memory:" }, (connection) =>
    connection.run(
      `COPY (SELECT strptime("Trade Date", '%d.%m.%Y') AS day, "Close USD"::DOUBLE AS "close" FROM read_csv(${sqlText(csv)}, all_varchar = true))
       TO ${sqlText(path.join(folder.path, "zl.parquet"))}`,
    ),
  );
  await init(folder.path, ["home"], { from: "zl.parquet" }, "2026-01-05");
  const home = await homeIn(path.join(folder.path, "home"));
  assert.equal(home.config.symbol, "ZL");
  assert.equal(home.config.as_of, undefined);
  const warehouse = openWarehouse(home.config, home.paths);
  await warehouse.prepare("2020-06-30", never);
  const file = path.join(folder.path, "1w.parquet");
  const receipt = await warehouse.exportTable({ horizon: "1w", asOf: "2020-06-30", file }, never);
  assert.ok((receipt.dates?.last ?? "") <= "2020-06-30");
});

void test("a stuck or negative price gives null or finite features, never infinity", async () => {
  await using folder = await temporaryFolder();
  const days = Array.from({ length: 900 }, (_, index) =>
    isoDay(Date.UTC(2020, 0, 1) + index * 86_400_000),
  );
  const lines = days.map((day, index) => `${day},${index === 500 ? -3 : 42}`);
  await writeFile(path.join(folder.path, "stuck.csv"), ["date,price", ...lines, ""].join("\n"));
  const { json, remarks } = await init(folder.path, ["home"], { from: "stuck.csv" });
  assert.ok(
    remarks.some((line) => line.includes("too few for 3m, 6m, 12m")),
    remarks.join("; "),
  );
  assert.ok(remarks.some((line) => line.includes("zero or less")));
  assert.equal(json["prices"], 900);
  const home = await homeIn(path.join(folder.path, "home"));
  const warehouse = openWarehouse(home.config, home.paths);
  const last = days.at(-1) ?? "";
  await warehouse.prepare(last, never);
  const file = path.join(folder.path, "1w.parquet");
  await warehouse.exportTable({ horizon: "1w", asOf: last, file }, never);
  for (const row of await rowsOf(file)) {
    for (const [name, value] of Object.entries(row)) {
      if (typeof value === "number")
        assert.ok(Number.isFinite(value), `${name} of ${String(row["date"])}`);
    }
  }
});

void test("a file with semicolons and decimal commas becomes a home that reads its numbers", async () => {
  await using folder = await temporaryFolder();
  const lines = (await readFile(demoFile("wti.csv"), "utf8")).trimEnd().split("\n").slice(-1800);
  const prices = lines.map((line) => Number(line.split(",")[1]));
  // Days as 31.12.2025, prices as 57,42, a volume grouped by points, and one price left blank.
  const rows = lines.map((line, index) => {
    const [date = "", price = ""] = line.split(",");
    const shown = index === 900 ? "" : price.replace(".", ",");
    return `${date.split("-").toReversed().join(".")};"${shown}";${1 + (index % 9)}.${100 + (index % 900)}`;
  });
  const text = ["Datum;Schlusskurs;Volumen", ...rows, ""].join("\r\n");
  await writeFile(path.join(folder.path, "wti_export.csv"), text);
  const options = { from: "wti_export.csv" };
  const { json, remarks } = await init(folder.path, ["home"], options);
  assert.equal(json["prices"], 1799);
  assert.ok(remarks.some((line) => line.includes("70,25 is read as 70.25")));

  const home = await homeIn(path.join(folder.path, "home"));
  const warehouse = openWarehouse(home.config, home.paths);
  const stored = (await warehouse.prices("2025-12-31")).map(({ price }) => price);
  assert.deepEqual(stored, prices.toSpliced(900, 1));
  await warehouse.prepare("2025-12-31", never);
  const file = path.join(folder.path, "1w.parquet");
  const receipt = await warehouse.exportTable({ horizon: "1w", asOf: "2025-12-31", file }, never);
  assert.deepEqual(receipt.dates?.last, "2025-12-31");
  assert.deepEqual(
    (await rowsOf(file)).map((row) => row["price"]),
    stored,
  );
  const pointed = path.join(folder.path, "home/cbi.yaml");
  await writeFile(pointed, (await readFile(pointed, "utf8")).replace(', decimal: ","', ""));
  const wrong = await homeIn(path.join(folder.path, "home"));
  await assert.rejects(openWarehouse(wrong.config, wrong.paths).prices("2025-12-31"), {
    code: "CBI_PRICE_UNREADABLE",
    remedy: /decimal: ','/,
  });
});

void test("a home without data says what to fill in", async () => {
  await using folder = await temporaryFolder();
  await init(folder.path, [undefined], {});
  assert.deepEqual((await readdir(folder.path)).sort(), [
    "Logs",
    "Models",
    "TrainingData",
    "cbi.yaml",
  ]);
  await assert.rejects(homeIn(folder.path), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.exit, 78);
    for (const key of ["symbol", "price.table", "price.column"])
      assert.ok(error.message.includes(key));
    return true;
  });
});

void test("nothing is overwritten, and a dry run makes nothing", async () => {
  await using folder = await temporaryFolder();
  await mkdir(path.join(folder.path, "home"));
  await writeFile(path.join(folder.path, "home/cbi.yaml"), "mine");
  await assert.rejects(init(folder.path, ["home"], {}), { code: "CBI_HOME_EXISTS", exit: 64 });
  assert.equal(await readFile(path.join(folder.path, "home/cbi.yaml"), "utf8"), "mine");
  await init(folder.path, ["other"], { dryRun: true });
  assert.deepEqual(await readdir(folder.path), ["home"]);
});

const refusals: [what: string, text: string, code: string, says: RegExp][] = [
  [
    "two columns of prices",
    "date,wti,brent\n2024-01-02,1,2\n",
    "CBI_COLUMN_AMBIGUOUS",
    /wti, brent/,
  ],
  ["dates in doubt", "date,price\n01/02/2024,1\n", "CBI_NO_DATE_COLUMN", /2025-12-31/],
  ["decimal commas", 'date,price\n2024-01-02,"1,5"\n', "CBI_NO_PRICE_COLUMN", /price \(VARCHAR\)/],
  [
    "grouped numbers",
    "Datum;Kurs\n02.01.2024;1.234,56\n31.01.2024;1.235,00\n",
    "CBI_NO_PRICE_COLUMN",
    /without thousands separators; it has Datum/,
  ],
  [
    "commas that may group or part decimals",
    "date;price\n2024-01-02;1,234\n2024-01-03;1,235\n",
    "CBI_NO_PRICE_COLUMN",
    /70,25 where semicolons part the columns/,
  ],
  [
    "several rows a day",
    "date,price\n2024-01-02,1\n2024-01-02,2\n",
    "CBI_SERIES_NOT_ONE",
    /2024-01-02/,
  ],
  ["no price at all", "date,price,volume\n2024-01-02,,1\n", "CBI_PRICE_UNREADABLE", /'price'/],
];
for (const [what, text, code, says] of refusals) {
  void test(`a file with ${what} is refused as data, with the way out`, async () => {
    await using folder = await temporaryFolder();
    await writeFile(path.join(folder.path, "x.csv"), text);
    const options = code === "CBI_PRICE_UNREADABLE" ? { priceColumn: "price" } : {};
    await assert.rejects(init(folder.path, ["home"], { from: "x.csv", ...options }), (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.code, code);
      assert.equal(error.exit, 65);
      assert.match(error.message, says);
      assert.ok(error.remedy);
      return true;
    });
    assert.deepEqual(await readdir(folder.path), ["x.csv"]);
  });
}

async function init(
  folder: string,
  args: (string | undefined)[],
  options: Record<string, unknown>,
  today = "2026-11-20",
): Promise<{ json: Record<string, unknown>; remarks: string[] }> {
  let text = "";
  const remarks: string[] = [];
  const clock: Clock = {
    now: () => Date.parse(`${today}T12:00:00Z`),
    monotonic: () => 0,
    sleep: () => Promise.resolve(),
  };
  const context = {
    clock,
    environment: {},
    workingDirectory: folder,
    write: (part: string) => void (text += part),
    remark: (line: string) => void remarks.push(line),
    isTerminal: false,
    signal: never,
  };
  const code = await command.run(context, { arguments: args, options: { json: true, ...options } });
  assert.equal(code, 0);
  return { json: JSON.parse(text) as Record<string, unknown>, remarks };
}

function homeIn(folder: string) {
  return loadHome({ environment: {}, workingDirectory: folder });
}

/** The demo's real Brent prices as another program would write them: gaps, blanks, other names. */
async function foreignBrent(): Promise<string> {
  const lines = (await readFile(demoFile("brent.csv"), "utf8")).trimEnd().split("\n").slice(1);
  const rows = lines.flatMap((line, index) => {
    const [date = "", price = ""] = line.split(",");
    const [year, month, day] = date.split("-");
    const shown = index % 53 === 7 ? "" : price;
    return index % 97 === 13 ? [] : [`${day}.${month}.${year};BRN;${shown};${1000 + index}`];
  });
  return ["Trade Date;Contract;Close USD;Volume", ...rows, ""].join("\n");
}

function demoFile(name: string): string {
  return path.resolve(import.meta.dirname, "../../../TrainingData/raw", name);
}

function rowsOf(file: string): Promise<Record<string, unknown>[]> {
  return withDuckdb({ file: ":memory:" }, (connection) =>
    queryRows(connection, `FROM read_parquet(${sqlText(file)})`),
  );
}

function isoDay(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}
