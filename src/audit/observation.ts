import type { Association } from "./association.ts";
import type { Sample } from "./report.ts";

/** A column of the Parquet file, its type in the words of DuckDB. */
export interface ObservedColumn {
  name: string;
  type: string;
}

/** Rows at fault: how many, and the newest few of them. */
export interface Found {
  count: number;
  sample: Sample[];
}

/** What the key columns (date, symbol, price, label) show over all rows. */
export interface KeyFigures {
  /** ISO days of the oldest and newest row; null when no row has a date. */
  first: string | null;
  last: string | null;
  /** Rows that have no date. */
  undated: Found;
  /** Rows dated after the as-of day. */
  future: Found;
  /** Rows that are older than the row before them in the file. */
  disordered: Found;
  /** (date, symbol) pairs that more than one row has. */
  duplicated: Found;
  /** Rows whose price is null, NaN or infinite. */
  unpriced: Found;
  /** Rows whose price is zero or less. */
  nonPositive: Found;
  /** Steps of ln(price) that lie far outside the usual, with their size in robust deviations. */
  outliers: Found;
  /** The newest outlier's day. */
  newestOutlier: string | null;
  /** Rows with a finite label, and the distinct days that they have. */
  labelled: number;
  labelledDays: number;
  /** Rows without a label and without a reason though the later price is there. */
  unlabelled: Found;
  /** Rows whose label is not ln(price h rows later / price). */
  mislabelled: Found;
  /** Rows without a label for a reason given by name though the later price is there. */
  quarantined: { reason: string; rows: number }[];
}

/** What one feature shows over all rows. */
export interface FeatureFigures {
  /** Values that are not null. */
  values: number;
  /** Null when there are no values. NaN and the infinities are kept. */
  least: number | null;
  greatest: number | null;
  /** Rows that are NaN or infinite; counted only where the extremes show that there are any. */
  notANumber: Found;
  infinite: Found;
  /** How it goes with the label; null when it does not vary. */
  association: Association | null;
}

/** One calendar month of the price and the features, aligned with `Observation.hashed`. */
export interface MonthBlock {
  /** `2025-01`. */
  month: string;
  rows: number;
  /** Values that are not null, by column. */
  values: readonly number[];
  /** 32-bit hash of (value, date) over the month's rows, by column. */
  hashes: readonly number[];
}

/** The newest rows of one symbol, oldest first. A missing or non-finite value is NaN. */
export interface NewestRows {
  dates: readonly string[];
  price: Float64Array;
  label: Float64Array;
  /** By feature, and by watched column. */
  columns: ReadonlyMap<string, Float64Array>;
}

/** Everything that the scans of one Parquet file saw. Parts are absent where the file forbids them. */
export interface Observation {
  rows: number;
  columns: readonly ObservedColumn[];
  /** Numeric columns that a model may see, in the file's order. */
  features: readonly string[];
  /**
   * The features and the price: what `months` counts and hashes. The label is not among them,
   * since old rows get theirs when they mature.
   */
  hashed: readonly string[];
  /** Who made the hashes of `months`. */
  hasher: string;
  keys?: KeyFigures;
  figures?: ReadonlyMap<string, FeatureFigures>;
  months?: readonly MonthBlock[];
  newest?: NewestRows;
}
