import { sqlName } from "../../system/duckdb.ts";

/** What the first SQL of a home is written for. */
export interface StarterTable {
  symbol: string;
  /** The source's name in `cbi.yaml`. */
  source: string;
  dateColumn: string;
  priceColumn: string;
  /** Name → price rows ahead. */
  horizons: Readonly<Record<string, number>>;
}

const SPANS = [1, 2, 3, 5, 10, 21, 42, 63, 126, 252];
const WINDOWS = [5, 21, 63, 126, 252];

/** SQL that makes features of one price series, each from its day's close and earlier ones only. */
export function featuresSql(table: StarterTable): string {
  const name = table.symbol.toLowerCase();
  const parts = [
    pricesSql(table, name),
    returnsSql(name),
    riskSql(name),
    trendSql(name),
    calendarSql(name),
    joinedSql(table.symbol, name),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** SQL that makes one training table for each horizon: the features and the label. */
export function trainingSql({ symbol, horizons }: StarterTable): string {
  const name = symbol.toLowerCase();
  const views = Object.entries(horizons).map(
    ([horizon, rows]) => `
CREATE OR REPLACE VIEW training.${name}_${horizon} AS
SELECT
  today.* EXCLUDE (row_number),
  label_return(today.price, later.price) AS target_${horizon},
  label_absence(today.price, later.price) AS label_reason
FROM features.${name} AS today
LEFT JOIN features.${name}_prices AS later ON later.row_number = today.row_number + ${rows};
`,
  );
  return `-- One training table for each horizon of cbi.yaml: the features, and as the label the log return from
-- the row's price to the price so many price rows later. Change a horizon there and here alike.
--
-- A label that cannot be known is null, and label_reason says why: 'not_matured' while the later
-- price is not there yet, 'non_positive_price' where either price has no logarithm.

CREATE OR REPLACE MACRO label_return(price_now, price_then) AS
  CASE WHEN price_now > 0 AND price_then > 0 THEN ln(price_then / price_now) END;

CREATE OR REPLACE MACRO label_absence(price_now, price_then) AS
  CASE
    WHEN price_now <= 0 OR price_then <= 0 THEN 'non_positive_price'
    WHEN price_then IS NULL THEN 'not_matured'
  END;
${views.join("")}`;
}

function pricesSql(table: StarterTable, name: string): string {
  return `-- Features of ${table.symbol}, one row for each day with a price, from that day's close and earlier ones only.
--
-- ${table.source} is your file, without the rows that lie after the as-of date. Three rules hold below:
--   * Every window ends at the current row, so no feature knows a later day.
--   * A price of zero or less has no logarithm: what needs it is null, and averages and deviations
--     run over the valid rows that remain.
--   * A window that the history does not fill yet gives null instead of a figure from fewer rows.

CREATE SCHEMA IF NOT EXISTS features;

-- Row numbers count days with a price: "5 rows ahead" means five prices ahead, and a blank is no row.
CREATE OR REPLACE TABLE features.${name}_prices AS
SELECT
  row_number() OVER (ORDER BY date) AS row_number,
  date,
  price,
  -- The price where a logarithm can be taken of it.
  CASE WHEN price > 0 THEN price END AS valid_price
FROM (SELECT ${sqlName(table.dateColumn)} AS date, ${sqlName(table.priceColumn)}::DOUBLE AS price FROM ${sqlName(table.source)})
WHERE price IS NOT NULL AND NOT isnan(price);`;
}

function returnsSql(name: string): string {
  return `-- Log returns over the last days to the last year, and those of the days before.
CREATE OR REPLACE TABLE features.${name}_returns AS
WITH returns AS (
  SELECT
    row_number,
${SPANS.map((span) => `    ln(valid_price / lag(valid_price, ${span}) OVER by_row) AS return_${span}`).join(",\n")}
  FROM features.${name}_prices
  WINDOW by_row AS (ORDER BY row_number)
)
SELECT
  *,
${[1, 2, 3, 4, 5].map((lag) => `  lag(return_1, ${lag}) OVER by_row AS return_1_lag_${lag}`).join(",\n")},
  lag(return_5, 5) OVER by_row AS return_5_lag_5,
  lag(return_21, 21) OVER by_row AS return_21_lag_21,
  lag(return_252, 21) OVER by_row AS return_252_lag_21
FROM returns
WINDOW by_row AS (ORDER BY row_number);`;
}

function riskSql(name: string): string {
  return `-- Risk. Realised volatility is the standard deviation of daily log returns, not annualised; the
-- forecast's interval is scaled by volatility_63, so keep that one.
CREATE OR REPLACE TABLE features.${name}_risk AS
SELECT
  row_number,
${WINDOWS.map((rows) => `  CASE WHEN row_number > ${rows} THEN stddev_samp(return_1) OVER last_${rows} END AS volatility_${rows}`).join(",\n")},
  volatility_5 / nullif(volatility_63, 0) AS volatility_ratio_5_63,
  volatility_21 / nullif(volatility_252, 0) AS volatility_ratio_21_252,
  -- The deviation of the falling days, and the largest day.
  CASE WHEN row_number > 63 THEN sqrt(avg(CASE WHEN return_1 < 0 THEN return_1 ** 2 ELSE 0 * return_1 END) OVER last_63) END
    AS downside_63,
  CASE WHEN row_number > 21 THEN max(abs(return_1)) OVER last_21 END AS largest_move_21,
  -- The share of rising days.
  CASE WHEN row_number > 21 THEN avg((return_1 > 0)::DOUBLE) OVER last_21 END AS rising_share_21,
  CASE WHEN row_number > 63 THEN avg((return_1 > 0)::DOUBLE) OVER last_63 END AS rising_share_63
FROM features.${name}_returns
${windowClause()};`;
}

function trendSql(name: string): string {
  return `-- Trend: the log distance to moving averages, and to the highest and lowest price.
CREATE OR REPLACE TABLE features.${name}_trend AS
SELECT
  row_number,
${WINDOWS.map((rows) => `  CASE WHEN row_number >= ${rows} THEN ln(valid_price / avg(valid_price) OVER last_${rows}) END AS distance_${rows}`).join(",\n")},
  distance_21 - distance_5 AS average_5_over_21,
  distance_252 - distance_63 AS average_63_over_252,
${[63, 252]
  .flatMap((rows) => [
    `  CASE WHEN row_number >= ${rows} THEN ln(valid_price / max(valid_price) OVER last_${rows}) END AS below_high_${rows}`,
    `  CASE WHEN row_number >= ${rows} THEN ln(valid_price / min(valid_price) OVER last_${rows}) END AS above_low_${rows}`,
  ])
  .join(",\n")}
FROM features.${name}_prices
${windowClause()};`;
}

function calendarSql(name: string): string {
  return `-- The calendar. Month and day of the year lie on a circle, so that December is next to January.
CREATE OR REPLACE TABLE features.${name}_calendar AS
SELECT
  row_number,
  sin(2 * pi() * month(date) / 12) AS month_sin,
  cos(2 * pi() * month(date) / 12) AS month_cos,
  sin(2 * pi() * dayofyear(date) / 365.25) AS day_of_year_sin,
  cos(2 * pi() * dayofyear(date) / 365.25) AS day_of_year_cos,
  isodow(date)::DOUBLE AS weekday,
  day(date)::DOUBLE AS day_of_month,
  (date - lag(date) OVER (ORDER BY row_number))::DOUBLE AS days_since_last_price
FROM features.${name}_prices;`;
}

function joinedSql(symbol: string, name: string): string {
  return `-- A view: the families are kept, not a second copy of them all.
CREATE OR REPLACE VIEW features.${name} AS
SELECT
  prices.row_number,
  prices.date,
  '${symbol}' AS symbol,
  prices.price,
  returns.* EXCLUDE (row_number),
  risk.* EXCLUDE (row_number),
  -- Returns in units of their own risk.
${[21, 63, 252].map((rows) => `  return_${rows} / nullif(volatility_${rows} * sqrt(${rows}), 0) AS momentum_${rows}`).join(",\n")},
  trend.* EXCLUDE (row_number),
  calendar.* EXCLUDE (row_number)
FROM features.${name}_prices AS prices
JOIN features.${name}_returns AS returns USING (row_number)
JOIN features.${name}_risk AS risk USING (row_number)
JOIN features.${name}_trend AS trend USING (row_number)
JOIN features.${name}_calendar AS calendar USING (row_number);`;
}

function windowClause(): string {
  const lines = WINDOWS.map(
    (rows) =>
      `  last_${rows} AS (ORDER BY row_number ROWS BETWEEN ${rows - 1} PRECEDING AND CURRENT ROW)`,
  );
  return `WINDOW\n${lines.join(",\n")}`;
}
