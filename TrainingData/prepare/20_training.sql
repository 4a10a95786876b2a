-- One training table for each horizon: the features, and as the label the log return from the row's
-- price to the price 5, 21, 63, 126 or 252 price rows later. They are views, so that the features
-- are kept once and not five times.
--
-- A label that cannot be known is null, and label_reason says why: 'not_matured' while the later
-- price is not there yet, 'non_positive_price' where either price has no logarithm (2020-04-20).

CREATE OR REPLACE MACRO label_return(price_now, price_then) AS
  CASE WHEN price_now > 0 AND price_then > 0 THEN ln(price_then / price_now) END;

CREATE OR REPLACE MACRO label_absence(price_now, price_then) AS
  CASE
    WHEN price_now <= 0 OR price_then <= 0 THEN 'non_positive_price'
    WHEN price_then IS NULL THEN 'not_matured'
  END;

CREATE OR REPLACE VIEW training.wti_1w AS
SELECT
  today.* EXCLUDE (row_number),
  label_return(today.price, later.price) AS target_1w,
  label_absence(today.price, later.price) AS label_reason
FROM features.wti AS today
LEFT JOIN features.wti_prices AS later ON later.row_number = today.row_number + 5;

CREATE OR REPLACE VIEW training.wti_1m AS
SELECT
  today.* EXCLUDE (row_number),
  label_return(today.price, later.price) AS target_1m,
  label_absence(today.price, later.price) AS label_reason
FROM features.wti AS today
LEFT JOIN features.wti_prices AS later ON later.row_number = today.row_number + 21;

CREATE OR REPLACE VIEW training.wti_3m AS
SELECT
  today.* EXCLUDE (row_number),
  label_return(today.price, later.price) AS target_3m,
  label_absence(today.price, later.price) AS label_reason
FROM features.wti AS today
LEFT JOIN features.wti_prices AS later ON later.row_number = today.row_number + 63;

CREATE OR REPLACE VIEW training.wti_6m AS
SELECT
  today.* EXCLUDE (row_number),
  label_return(today.price, later.price) AS target_6m,
  label_absence(today.price, later.price) AS label_reason
FROM features.wti AS today
LEFT JOIN features.wti_prices AS later ON later.row_number = today.row_number + 126;

CREATE OR REPLACE VIEW training.wti_12m AS
SELECT
  today.* EXCLUDE (row_number),
  label_return(today.price, later.price) AS target_12m,
  label_absence(today.price, later.price) AS label_reason
FROM features.wti AS today
LEFT JOIN features.wti_prices AS later ON later.row_number = today.row_number + 252;
