-- Features of WTI, one row for each day with a price, from that day's close and earlier ones only.
--
-- wti and brent are the files in raw/, without the rows that lie after the as-of date.
-- Three rules hold below:
--   * Every window ends at the current row, so no feature knows a later day.
--   * WTI closed at -36.98 on 2020-04-20. A logarithm of it does not exist: what needs that day's
--     price is null, and averages and deviations run over the valid rows that remain.
--   * A window that the history does not fill yet gives null instead of a figure from fewer rows.
-- Families of features are tables of their own, which keeps each window's work, and its memory, small.

CREATE SCHEMA IF NOT EXISTS features;

-- Row numbers count days with a price: "5 rows ahead" means five prices ahead, and a blank is no row.
CREATE OR REPLACE TABLE features.wti_prices AS
SELECT
  row_number() OVER (ORDER BY date) AS row_number,
  date,
  usd_per_barrel::DOUBLE AS price,
  -- The price where a logarithm can be taken of it.
  CASE WHEN usd_per_barrel > 0 THEN usd_per_barrel::DOUBLE END AS valid_price
FROM wti
WHERE usd_per_barrel IS NOT NULL;

-- Log returns over the last days to the last year, and those of the days before.
CREATE OR REPLACE TABLE features.wti_returns AS
WITH returns AS (
  SELECT
    row_number,
    ln(valid_price / lag(valid_price, 1) OVER by_row) AS return_1,
    ln(valid_price / lag(valid_price, 2) OVER by_row) AS return_2,
    ln(valid_price / lag(valid_price, 3) OVER by_row) AS return_3,
    ln(valid_price / lag(valid_price, 5) OVER by_row) AS return_5,
    ln(valid_price / lag(valid_price, 10) OVER by_row) AS return_10,
    ln(valid_price / lag(valid_price, 21) OVER by_row) AS return_21,
    ln(valid_price / lag(valid_price, 42) OVER by_row) AS return_42,
    ln(valid_price / lag(valid_price, 63) OVER by_row) AS return_63,
    ln(valid_price / lag(valid_price, 126) OVER by_row) AS return_126,
    ln(valid_price / lag(valid_price, 252) OVER by_row) AS return_252
  FROM features.wti_prices
  WINDOW by_row AS (ORDER BY row_number)
)
SELECT
  *,
  lag(return_1, 1) OVER by_row AS return_1_lag_1,
  lag(return_1, 2) OVER by_row AS return_1_lag_2,
  lag(return_1, 3) OVER by_row AS return_1_lag_3,
  lag(return_1, 4) OVER by_row AS return_1_lag_4,
  lag(return_1, 5) OVER by_row AS return_1_lag_5,
  lag(return_5, 5) OVER by_row AS return_5_lag_5,
  lag(return_21, 21) OVER by_row AS return_21_lag_21,
  lag(return_252, 21) OVER by_row AS return_252_lag_21
FROM returns
WINDOW by_row AS (ORDER BY row_number);

-- Risk. Realised volatility is the standard deviation of daily log returns, not annualised; the
-- forecast's interval is scaled by volatility_63.
CREATE OR REPLACE TABLE features.wti_risk AS
SELECT
  row_number,
  CASE WHEN row_number > 5 THEN stddev_samp(return_1) OVER last_5 END AS volatility_5,
  CASE WHEN row_number > 21 THEN stddev_samp(return_1) OVER last_21 END AS volatility_21,
  CASE WHEN row_number > 63 THEN stddev_samp(return_1) OVER last_63 END AS volatility_63,
  CASE WHEN row_number > 126 THEN stddev_samp(return_1) OVER last_126 END AS volatility_126,
  CASE WHEN row_number > 252 THEN stddev_samp(return_1) OVER last_252 END AS volatility_252,
  volatility_5 / volatility_63 AS volatility_ratio_5_63,
  volatility_21 / volatility_252 AS volatility_ratio_21_252,
  -- The deviation of the falling days, the largest day, and how lopsided the quarter was.
  CASE WHEN row_number > 63 THEN sqrt(avg(CASE WHEN return_1 < 0 THEN return_1 ** 2 ELSE 0 * return_1 END) OVER last_63) END
    AS downside_63,
  CASE WHEN row_number > 21 THEN max(abs(return_1)) OVER last_21 END AS largest_move_21,
  CASE WHEN row_number > 63 THEN skewness(return_1) OVER last_63 END AS skewness_63,
  -- The share of rising days.
  CASE WHEN row_number > 21 THEN avg((return_1 > 0)::DOUBLE) OVER last_21 END AS rising_share_21,
  CASE WHEN row_number > 63 THEN avg((return_1 > 0)::DOUBLE) OVER last_63 END AS rising_share_63
FROM features.wti_returns
WINDOW
  last_5 AS (ORDER BY row_number ROWS BETWEEN 4 PRECEDING AND CURRENT ROW),
  last_21 AS (ORDER BY row_number ROWS BETWEEN 20 PRECEDING AND CURRENT ROW),
  last_63 AS (ORDER BY row_number ROWS BETWEEN 62 PRECEDING AND CURRENT ROW),
  last_126 AS (ORDER BY row_number ROWS BETWEEN 125 PRECEDING AND CURRENT ROW),
  last_252 AS (ORDER BY row_number ROWS BETWEEN 251 PRECEDING AND CURRENT ROW);

-- Trend: the log distance to moving averages, and to the highest and lowest price.
CREATE OR REPLACE TABLE features.wti_trend AS
SELECT
  row_number,
  CASE WHEN row_number >= 5 THEN ln(valid_price / avg(valid_price) OVER last_5) END AS distance_5,
  CASE WHEN row_number >= 21 THEN ln(valid_price / avg(valid_price) OVER last_21) END AS distance_21,
  CASE WHEN row_number >= 63 THEN ln(valid_price / avg(valid_price) OVER last_63) END AS distance_63,
  CASE WHEN row_number >= 126 THEN ln(valid_price / avg(valid_price) OVER last_126) END AS distance_126,
  CASE WHEN row_number >= 252 THEN ln(valid_price / avg(valid_price) OVER last_252) END AS distance_252,
  distance_21 - distance_5 AS average_5_over_21,
  distance_252 - distance_63 AS average_63_over_252,
  CASE WHEN row_number >= 63 THEN ln(valid_price / max(valid_price) OVER last_63) END AS below_high_63,
  CASE WHEN row_number >= 252 THEN ln(valid_price / max(valid_price) OVER last_252) END AS below_high_252,
  CASE WHEN row_number >= 63 THEN ln(valid_price / min(valid_price) OVER last_63) END AS above_low_63,
  CASE WHEN row_number >= 252 THEN ln(valid_price / min(valid_price) OVER last_252) END AS above_low_252
FROM features.wti_prices
WINDOW
  last_5 AS (ORDER BY row_number ROWS BETWEEN 4 PRECEDING AND CURRENT ROW),
  last_21 AS (ORDER BY row_number ROWS BETWEEN 20 PRECEDING AND CURRENT ROW),
  last_63 AS (ORDER BY row_number ROWS BETWEEN 62 PRECEDING AND CURRENT ROW),
  last_126 AS (ORDER BY row_number ROWS BETWEEN 125 PRECEDING AND CURRENT ROW),
  last_252 AS (ORDER BY row_number ROWS BETWEEN 251 PRECEDING AND CURRENT ROW);

-- Brent has holidays of its own, so its returns are taken on its own rows before the two are joined.
CREATE OR REPLACE TABLE features.brent_returns AS
SELECT
  date,
  usd_per_barrel::DOUBLE AS brent_price,
  ln(usd_per_barrel / lag(usd_per_barrel, 1) OVER by_date) AS brent_return_1,
  ln(usd_per_barrel / lag(usd_per_barrel, 5) OVER by_date) AS brent_return_5,
  ln(usd_per_barrel / lag(usd_per_barrel, 21) OVER by_date) AS brent_return_21,
  ln(usd_per_barrel / lag(usd_per_barrel, 63) OVER by_date) AS brent_return_63
FROM brent
WHERE usd_per_barrel > 0
WINDOW by_date AS (ORDER BY date);

-- Beside each WTI row the newest Brent price of that day or before, unless it is more than a week old.
-- The spread is a ratio: ten dollars meant something else at 20 than they mean at 100.
CREATE OR REPLACE TABLE features.brent_beside AS
SELECT
  wti.row_number,
  ln(brent.brent_price / wti.valid_price) AS spread,
  brent.* EXCLUDE (date, brent_price)
FROM features.wti_prices AS wti
ASOF JOIN features.brent_returns AS brent ON brent.date <= wti.date
WHERE wti.date - brent.date <= 7;

CREATE OR REPLACE TABLE features.wti_spread AS
SELECT
  wti.row_number,
  brent.* EXCLUDE (row_number),
  spread - lag(spread, 1) OVER by_row AS spread_change_1,
  spread - lag(spread, 5) OVER by_row AS spread_change_5,
  spread - lag(spread, 21) OVER by_row AS spread_change_21,
  -- How unusual today's spread is, in deviations of the last quarter.
  CASE WHEN count(spread) OVER last_63 >= 60 THEN (spread - avg(spread) OVER last_63) / stddev_samp(spread) OVER last_63 END
    AS spread_score_63,
  CASE WHEN count(brent_return_1) OVER last_63 >= 60 THEN corr(wti.return_1, brent_return_1) OVER last_63 END
    AS brent_correlation_63
FROM features.wti_returns AS wti
LEFT JOIN features.brent_beside AS brent USING (row_number)
WINDOW
  by_row AS (ORDER BY wti.row_number),
  last_63 AS (ORDER BY wti.row_number ROWS BETWEEN 62 PRECEDING AND CURRENT ROW);

-- The calendar. Month and day of the year lie on a circle, so that December is next to January.
CREATE OR REPLACE TABLE features.wti_calendar AS
SELECT
  row_number,
  sin(2 * pi() * month(date) / 12) AS month_sin,
  cos(2 * pi() * month(date) / 12) AS month_cos,
  sin(2 * pi() * dayofyear(date) / 365.25) AS day_of_year_sin,
  cos(2 * pi() * dayofyear(date) / 365.25) AS day_of_year_cos,
  isodow(date)::DOUBLE AS weekday,
  day(date)::DOUBLE AS day_of_month,
  (date - lag(date) OVER (ORDER BY row_number))::DOUBLE AS days_since_last_price
FROM features.wti_prices;

-- A view: the families are kept, not a second copy of them all.
CREATE OR REPLACE VIEW features.wti AS
SELECT
  prices.row_number,
  prices.date,
  'WTI' AS symbol,
  prices.price,
  returns.* EXCLUDE (row_number),
  risk.* EXCLUDE (row_number),
  -- Returns in units of their own risk.
  return_21 / (volatility_21 * sqrt(21)) AS momentum_21,
  return_63 / (volatility_63 * sqrt(63)) AS momentum_63,
  return_252 / (volatility_252 * sqrt(252)) AS momentum_252,
  trend.* EXCLUDE (row_number),
  spread.* EXCLUDE (row_number),
  calendar.* EXCLUDE (row_number)
FROM features.wti_prices AS prices
JOIN features.wti_returns AS returns USING (row_number)
JOIN features.wti_risk AS risk USING (row_number)
JOIN features.wti_trend AS trend USING (row_number)
JOIN features.wti_spread AS spread USING (row_number)
JOIN features.wti_calendar AS calendar USING (row_number);
