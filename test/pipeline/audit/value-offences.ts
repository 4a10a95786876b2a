import type { DatasetFacts } from "../../../src/audit/report.ts";
import { HALF_2019, replacing } from "./offence.ts";
import type { Offence } from "./offence.ts";

/** Offences against features' values, label, price and history. `facts` are those of the unspoiled export. */
export function valueOffences(facts: DatasetFacts): Offence[] {
  return [
    {
      name: "an infinite value",
      query: replacing(
        "CASE WHEN date = DATE '2020-04-21' THEN 'inf'::DOUBLE ELSE return_1 END AS return_1",
      ),
      check: "infinite",
      column: "return_1",
      severity: "error",
    },
    {
      name: "NaN where a value is missing",
      query: replacing(
        "CASE WHEN return_1 IS NULL THEN 'nan'::DOUBLE ELSE return_1 END AS return_1",
      ),
      check: "not_a_number",
      column: "return_1",
      severity: "warning",
    },
    {
      name: "a label that is null in every row",
      query: replacing("NULL::DOUBLE AS target_1m"),
      check: "label_missing",
      severity: "error",
      message: /null in every row/,
    },
    {
      name: "a label missing without a reason",
      query: replacing("CASE WHEN date <> DATE '2015-05-05' THEN target_1m END AS target_1m"),
      check: "label_missing",
      severity: "error",
      message: /^1 row /,
    },
    {
      name: "labels withheld in a third of the rows",
      query:
        "SELECT * REPLACE (CASE WHEN date < DATE '2012-01-01' THEN target_1m END AS target_1m, " +
        "CASE WHEN date < DATE '2012-01-01' THEN label_reason ELSE 'old' END AS label_reason) FROM export",
      check: "label_quarantine",
      severity: "error",
      message: /old: /,
    },
    {
      name: "a label in percent",
      query: replacing("100 * target_1m AS target_1m"),
      check: "label_definition",
      severity: "error",
      message: /It is the log return in percent, 21 rows ahead\./,
    },
    {
      name: "a label that is a simple return",
      query: replacing("exp(target_1m) - 1 AS target_1m"),
      check: "label_definition",
      severity: "error",
      message: /It is the simple return, 21 rows ahead\./,
    },
    {
      name: "a label that is the price itself",
      query: replacing("price * exp(target_1m) AS target_1m"),
      check: "label_definition",
      severity: "error",
      message: /It is the price itself, 21 rows ahead\./,
    },
    {
      name: "a label of another horizon",
      query: replacing(
        "ln(lead(price, 22) OVER (ORDER BY date) / nullif(greatest(price, 0), 0)) AS target_1m",
      ).replace("FROM export", "FROM (SELECT * REPLACE (greatest(price, 1) AS price) FROM export)"),
      check: "label_definition",
      severity: "error",
      message: /It is the log return, 22 rows ahead\./,
    },
    {
      name: "one wrong label",
      query: replacing(
        "CASE WHEN date = DATE '2015-05-05' THEN target_1m + 0.001 ELSE target_1m END AS target_1m",
      ),
      check: "label_definition",
      severity: "error",
      message: /^1 row /,
    },
    {
      name: "a blank price",
      query: replacing("CASE WHEN date <> DATE '2015-05-05' THEN price END AS price"),
      check: "price_missing",
      severity: "error",
    },
    {
      name: "a price that doubles for a day last week",
      query: replacing("CASE WHEN date = DATE '2025-12-24' THEN 2 * price ELSE price END AS price"),
      check: "outlier",
      severity: "warning",
      message: /newest on 2025-12-26/,
    },
    {
      name: "a price that stands still for three weeks",
      query: replacing(
        "CASE WHEN date BETWEEN DATE '2025-06-02' AND DATE '2025-06-24' THEN 62.5 ELSE price END AS price",
      ),
      check: "stuck",
      column: "price",
      severity: "warning",
      message: /62\.5 for 1\d rows/,
    },
    {
      name: "a watched source that stands still for two months",
      query: replacing("CASE WHEN date > DATE '2025-10-31' THEN 0.05 ELSE spread END AS spread"),
      check: "stuck",
      column: "spread",
      severity: "error",
      options: { audit: { watch: ["spread"] } },
    },
    {
      name: "the label of another horizon among the features",
      query: "SELECT *, lead(return_5, 5) OVER (ORDER BY date) AS Target_1w FROM export",
      check: "target_among_features",
      column: "Target_1w",
      severity: "error",
    },
    {
      name: "the label in disguise",
      query: "SELECT *, 3 - 250 * target_1m + 0.01 * random() AS sentiment FROM export",
      check: "leak_correlation",
      column: "sentiment",
      severity: "error",
    },
    {
      name: "the label under much noise",
      query: "SELECT *, target_1m + 0.12 * (random() - 0.5) AS sentiment FROM export",
      check: "leak_correlation",
      column: "sentiment",
      severity: "warning",
    },
    {
      name: "tomorrow's price as a feature",
      query: "SELECT *, 42 * lead(price) OVER (ORDER BY date) AS settlement FROM export",
      check: "look_ahead",
      column: "settlement",
      severity: "error",
      message: /the price 1 row later/,
    },
    {
      name: "the price of the label's day as a feature",
      query: "SELECT *, lead(price, 21) OVER (ORDER BY date) AS settlement FROM export",
      check: "look_ahead",
      column: "settlement",
      severity: "error",
      message: /the price 21 rows later/,
    },
    {
      name: "the label of a few rows before, not yet known",
      query: "SELECT *, lag(target_1m, 4) OVER (ORDER BY date) AS momentum_new FROM export",
      check: "look_ahead",
      column: "momentum_new",
      severity: "error",
      message: /the label of 4 rows before/,
    },
    {
      name: "the return over the next three rows",
      query:
        "SELECT *, ln(lead(price, 3) OVER (ORDER BY date) / price) AS drift_3 FROM (SELECT * REPLACE (greatest(price, 1) AS price) FROM export)",
      check: "look_ahead",
      column: "drift_3",
      severity: "error",
      message: /the return over the next 3 rows/,
    },
    {
      name: "one column of ten rewritten for half a year",
      query: replacing(
        `CASE WHEN ${HALF_2019} THEN volatility_21 * 1.01 ELSE volatility_21 END AS volatility_21`,
      ),
      check: "history_rewritten",
      severity: "warning",
      options: {
        previous: {
          ...facts,
          // As if the export had ten columns, of which one was rewritten for half a year.
          history: facts.history && {
            ...facts.history,
            column_hashes: Object.fromEntries(
              Object.entries(facts.history.column_hashes).filter(
                ([name]) => name === "volatility_21" || name.startsWith("volatility_1"),
              ),
            ),
          },
        },
      },
    },
    {
      name: "all old prices restated",
      query:
        "SELECT * REPLACE (price * 1.1 AS price, return_1 * 1.1 AS return_1, return_5 * 1.1 AS return_5, " +
        "volatility_21 * 1.1 AS volatility_21, volatility_63 * 1.1 AS volatility_63) FROM export",
      check: "history_rewritten",
      severity: "error",
      options: { previous: facts },
    },
  ];
}
