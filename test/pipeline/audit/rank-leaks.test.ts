import assert from "node:assert/strict";
import { after, test } from "node:test";
import { DemoExports, failureOf, failuresOf } from "./demo-export.ts";

const demo = await DemoExports.make();
after(() => demo[Symbol.asyncDispose]());

const HORIZONS = ["1w", "1m", "3m", "6m", "12m"];
/** −1 in about so many of a hundred rows, the same ones in every run, else 1. */
const flip = (percent: number) => `CASE WHEN hash(date) % 100 < ${percent} THEN -1 ELSE 1 END`;

for (const horizon of HORIZONS) {
  void test(`${horizon}: a sign, a rank and a noisy sign of the label are refused, and nothing else`, async () => {
    const target = `target_${horizon}`;
    const planted = {
      its_sign: `sign(${target})`,
      its_rise: `(${target} > 0)`,
      its_decile: `CASE WHEN ${target} IS NOT NULL THEN ntile(10) OVER (ORDER BY ${target}) END`,
      its_rank: `-percent_rank() OVER (ORDER BY ${target})`,
      its_noisy_sign: `${flip(8)} * sign(${target})`,
      next_sign: "sign(lead(price) OVER (ORDER BY date) - price)",
    };
    const columns = Object.entries(planted).map(([name, formula]) => `${formula} AS ${name}`);
    const file = await demo.spoil(
      `SELECT *, ${columns.join(", ")} FROM export ORDER BY date`,
      horizon,
    );
    const report = await demo.audit([file], { horizon });
    const errors = failuresOf(report).filter(({ severity }) => severity === "error");
    assert.deepEqual(
      new Set(errors.map(({ column }) => column)),
      new Set(Object.keys(planted)),
      JSON.stringify(errors),
    );
    for (const column of ["its_sign", "its_rise", "its_decile", "its_noisy_sign"]) {
      assert.equal(failureOf(report, "leak_rank", column).severity, "error", column);
    }
    const next = failureOf(report, "look_ahead_direction", "next_sign");
    assert.match(next.message, /rises over the next row \(AUC 1\.00/);
  });
}

void test("a sign that is wrong in three rows of ten is a warning where outcomes are many", async () => {
  for (const horizon of ["1w", "1m"]) {
    const file = await demo.spoil(
      `SELECT *, ${flip(30)} * sign(target_${horizon}) AS outlook FROM export ORDER BY date`,
      horizon,
    );
    const report = await demo.audit([file], { horizon });
    assert.equal(report.summary.errors, 0);
    const failure = failureOf(report, "leak_rank", "outlook");
    assert.match(failure.message, /independent outcomes: it may know the label/);
  }
});

void test("whether the price rises over a week is found in the tables of a month", async () => {
  const sign = "sign(lead(price, 5) OVER (ORDER BY date) - price)";
  const file = await demo.spoil(`SELECT *, ${sign} AS outlook FROM export ORDER BY date`);
  const failure = failureOf(await demo.audit([file]), "look_ahead_direction", "outlook");
  assert.match(failure.message, /over the next 5 rows/);
});

void test("too few outcomes are said to be too few, and refuse nothing", async () => {
  const file = await demo.spoil("SELECT * FROM export WHERE date >= DATE '2021-01-01'", "12m");
  const report = await demo.audit([file], { horizon: "12m" });
  const check = report.datasets[0]?.checks.find(({ id }) => id === "leak_rank");
  assert.equal(check?.status, "skipped");
  assert.match(check?.message ?? "", /only 4\.0 independent outcomes/);
});

void test("honest features stay within the limits on days of the past, of calm and of crisis", async () => {
  const days: [string, string][] = [
    ["1w", "1991-02-28"],
    ["1m", "1999-03-31"],
    ["3m", "2008-07-31"],
    ["6m", "2020-05-29"],
    ["12m", "2003-12-31"],
  ];
  for (const [horizon, asOf] of days) {
    const rows = demo.config.horizons[horizon] ?? 0;
    const known = `lead(date, ${rows}) OVER (ORDER BY date) <= DATE '${asOf}'`;
    const file = await demo.spoil(
      `SELECT * REPLACE (CASE WHEN ${known} THEN target_${horizon} END AS target_${horizon})
       FROM export WHERE date <= DATE '${asOf}' ORDER BY date`,
      horizon,
    );
    const report = await demo.audit([file], { horizon, asOf });
    const told = failuresOf(report).filter(({ id }) => /leak_|look_ahead/.test(id));
    assert.deepEqual(told, [], `${horizon} as of ${asOf}`);
  }
});
