import type { TruncationDifference } from "../audit/truncation.ts";
import type { ForecastRow, PriceRow } from "../evaluation/forecast.ts";

/** A column of an exported Parquet file, its type in the words of DuckDB (`DATE`, `DOUBLE`, …). */
export interface Column {
  name: string;
  type: string;
}

/** What queries cost; 0 where nothing is billed. */
export interface Cost {
  /** Bytes that dry runs said would be processed. */
  bytesEstimated: number;
  /** Bytes that the warehouse bills. */
  bytesBilled: number;
}

/** What an effect on the warehouse cost and did, kept with the run. */
export interface Receipt extends Cost {
  rows: number;
  /** The warehouse's own names of the work (job ids), for its console. */
  jobs: string[];
}

/** The proof of an export: what was written to the file that was asked for. */
export interface ExportReceipt extends Receipt {
  columns: Column[];
  /** Oldest and newest value of the `date` column. Absent when there are no rows. */
  dates?: { first: string; last: string };
}

/** The proof of an upload: the rows that were read back after it, by key. */
export interface UploadReceipt extends Receipt {
  table: string;
  /** A hash of the rows read back, equal to that of the rows sent. */
  hash: string;
  views: string[];
}

export interface ForecastFilter {
  /** Whose forecasts: homes of several symbols may publish to one table. */
  symbol: string;
  /** Only forecasts made on or before this day. */
  asOfMax?: string;
  /** Only forecasts made on or after this day. */
  asOfMin?: string;
  horizon?: string;
}

/** Columns of an export that are to be compared with what less history makes of them. */
export interface RecomputeTable {
  horizon: string;
  /** Absolute path of the export, which holds the tables as of tonight. */
  file: string;
  /** Numbers; two values of a column differ when they do by more than its tolerance, and 1e-6 of them. */
  columns: readonly { name: string; tolerance: number }[];
}

export interface RecomputeRequest {
  asOf: string;
  /** Days; for each the tables are made anew without the sources' rows after it. */
  cuts: readonly string[];
  tables: readonly RecomputeTable[];
}

export interface Recomputation {
  /** How many rows each cut gave to compare, or why it gave none. */
  cuts: { day: string; rows: number; problem?: string }[];
  differences: TruncationDifference[];
  /** Whether the SQL may read tables that are not the sources', of which no row can be hidden. */
  hasOtherTables: boolean;
}

/** How a warehouse that makes the training tables itself makes them again. */
export interface Recompute {
  /** What makes the tables, or why it cannot be run again. */
  recipe(): Promise<Recipe | { problem: string }>;
  /** Makes the tables as of earlier days, compares, and leaves everything as it was. */
  compare(request: RecomputeRequest, signal: AbortSignal): Promise<Recomputation>;
}

export interface Recipe {
  /** A hash of the user's SQL and of what feeds it, but not of the rows. */
  fingerprint: string;
  /** Whether making the tables once more takes minutes rather than moments. */
  isLarge: boolean;
}

/**
 * Where training tables live and forecasts go. Every method may be called again after a crash at
 * any point and then leaves the same state as one call. Reads respect `asOf`: no row dated after it
 * is returned or used. Failures are `Failure`s with a class; nothing is retried inside.
 */
export interface Warehouse {
  readonly kind: "duckdb" | "bigquery";

  /** Absent where the training tables are made elsewhere. */
  readonly recompute?: Recompute;

  /**
   * A hash that changes when anything changes that `prepare` and `exportTable` read for `asOf`:
   * source files, the user's SQL, table versions.
   */
  inputFingerprint(asOf: string): Promise<string>;

  /**
   * Brings the training tables up to `asOf`. Long work; stops soon after the signal is aborted and
   * then leaves the old tables or the new ones.
   */
  prepare(asOf: string, signal: AbortSignal): Promise<Receipt>;

  /**
   * Streams the training table of a horizon (rows with `date` ≤ `asOf`, in order of `date`) into a
   * Parquet file at `file`, which must not exist. The caller verifies and publishes it.
   */
  exportTable(
    request: { horizon: string; asOf: string; file: string },
    signal: AbortSignal,
  ): Promise<ExportReceipt>;

  /** The price series up to `asOf`, in order of date, blank prices left out. */
  prices(asOf: string): Promise<PriceRow[]>;

  /**
   * Makes the forecasts of one (symbol, as_of) exactly `rows`: rows of equal key are replaced, and
   * rows of the same symbol, as_of and horizon that are not among them go. Then renews the
   * `latest_<horizon>` views, each of which shows the champion's newest row or, where there is no
   * champion, the baseline's. Repeatable without duplicates. Reads the rows back.
   */
  upload(rows: readonly ForecastRow[], signal: AbortSignal): Promise<UploadReceipt>;

  /**
   * Drops the `latest_<horizon>` views of horizons that the configuration no longer has, which would
   * show an old forecast for ever, and returns their names. The forecasts stay, and so does a view of
   * which another symbol has forecasts.
   */
  dropRetiredViews(signal: AbortSignal): Promise<string[]>;

  /** A symbol's stored forecasts in order of as_of, horizon, model_role, algorithm. */
  forecasts(filter: ForecastFilter): Promise<ForecastRow[]>;

  /** What the queries since the warehouse was opened cost, of all methods together. */
  cost(): Cost;
}

/** The code of the failure of whoever found no network as long as the configuration has it awaited. */
export const NETWORK_UNAVAILABLE = "CBI_NETWORK_UNAVAILABLE";

/** The cost of work that is free. */
export const FREE: Readonly<Cost> = { bytesEstimated: 0, bytesBilled: 0 };
