import type { DuckDBConnection } from "@duckdb/node-api";
import type { AuditContext } from "../../audit/context.ts";
import type { Found, KeyFigures } from "../../audit/observation.ts";
import { SAMPLES_MAX } from "../../audit/report.ts";
import type { Sample } from "../../audit/report.ts";
import type { Roles } from "../../audit/roles.ts";
import { THRESHOLDS } from "../../audit/thresholds.ts";
import { queryRows, sqlName } from "../../system/duckdb.ts";
import type { ParquetFile } from "./parquet.ts";

/** Robust deviation of a normal sample: 1.4826 times the median absolute deviation. */
const ROBUST = 1.4826;

/**
 * The first scan: reads date, symbol, price, label and its reason of all rows into the table
 * `keys` of the connection, beside the later price, and takes every figure from there.
 */
export async function scanKeys(
  connection: DuckDBConnection,
  parquet: ParquetFile,
  roles: Roles,
  context: AuditContext,
): Promise<KeyFigures> {
  await loadKeys(connection, parquet, roles, context);
  const outlier = await outlierCondition(connection);
  const counts = await countsOf(connection, outlier, context.asOf);
  const found = (fault: Fault) =>
    withSample(connection, Number(counts[fault] ?? 0), faults(outlier, context.asOf)[fault]);
  return {
    first: textOf(counts["first"]),
    last: textOf(counts["last"]),
    labelled: Number(counts["labelled"] ?? 0),
    labelledDays: Number(counts["labelled_days"] ?? 0),
    undated: await found("undated"),
    future: await found("future"),
    disordered: await found("disordered"),
    duplicated: await duplicates(connection),
    unpriced: await found("unpriced"),
    nonPositive: await found("nonPositive"),
    outliers: await found("outliers"),
    newestOutlier: textOf(counts["newest_outlier"]),
    unlabelled: await found("unlabelled"),
    mislabelled: await found("mislabelled"),
    quarantined: await quarantined(connection),
  };
}

type Fault = keyof ReturnType<typeof faults>;

/** What makes a row of `keys` one at fault, and what of it is shown. */
function faults(outlier: string, asOf: string) {
  return {
    undated: { where: "day IS NULL", shown: "position AS row" },
    future: { where: `day > DATE '${asOf}'`, shown: "" },
    disordered: { where: "day < day_before", shown: "day_before::VARCHAR AS row_before" },
    unpriced: { where: "NOT is_priced", shown: "price::VARCHAR AS price" },
    nonPositive: { where: "price <= 0", shown: "price" },
    outliers: { where: outlier, shown: "price_before, price" },
    unlabelled: { where: `${UNLABELLED} AND reason IS NULL`, shown: "price, later" },
    mislabelled: { where: MISLABELLED, shown: "price, later, label, expected" },
  } satisfies Record<string, { where: string; shown: string }>;
}

const UNLABELLED = "(label IS NULL OR NOT isfinite(label)) AND later IS NOT NULL";
const MISLABELLED = `isfinite(label) AND (expected IS NULL OR
  abs(label - expected) > ${THRESHOLDS.labelTolerance} * (1 + abs(expected)))`;

/**
 * Rows without a finite price have no place in the count of price rows. The window without an order
 * is that of the file: DuckDB keeps the order of insertion and streams such a window along it.
 */
async function loadKeys(
  connection: DuckDBConnection,
  parquet: ParquetFile,
  roles: Roles,
  context: AuditContext,
): Promise<void> {
  const text = (name: string | undefined) =>
    name === undefined ? "NULL::VARCHAR" : `${sqlName(name)}::VARCHAR`;
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE keys AS
    WITH read AS (
      SELECT file_row_number AS position, date AS day, ${text(roles.symbol?.name)} AS symbol,
        price::DOUBLE AS price, ${sqlName(context.target)}::DOUBLE AS label,
        ${text(roles.reason?.name)} AS reason,
        price IS NOT NULL AND isfinite(price::DOUBLE) AS is_priced,
        lag(date) OVER () AS day_before
      FROM ${parquet.source}
    ), stepped AS (
      SELECT *,
        CASE WHEN is_priced THEN lead(price, ${context.horizonRows}) OVER by_symbol END AS later,
        CASE WHEN is_priced THEN lag(price) OVER by_symbol END AS price_before
      FROM read
      WINDOW by_symbol AS (PARTITION BY symbol, is_priced ORDER BY day, position)
    )
    SELECT *,
      CASE WHEN price > 0 AND later > 0 THEN ln(later / price) END AS expected,
      CASE WHEN price > 0 AND price_before > 0 THEN ln(price / price_before) END AS step
    FROM stepped`);
}

async function countsOf(
  connection: DuckDBConnection,
  outlier: string,
  asOf: string,
): Promise<Record<string, unknown>> {
  const counts = Object.entries(faults(outlier, asOf)).map(
    ([name, { where }]) => `count(*) FILTER (${where}) AS "${name}"`,
  );
  const [row] = await queryRows(
    connection,
    `SELECT min(day)::VARCHAR AS first, max(day)::VARCHAR AS last,
       count(*) FILTER (isfinite(label)) AS labelled,
       count(DISTINCT day) FILTER (isfinite(label)) AS labelled_days,
       (max(day) FILTER (${outlier}))::VARCHAR AS newest_outlier, ${counts.join(", ")} FROM keys`,
  );
  return row ?? {};
}

async function withSample(
  connection: DuckDBConnection,
  count: number,
  { where, shown }: { where: string; shown: string },
): Promise<Found> {
  if (count === 0) return { count, sample: [] };
  const columns = ["day::VARCHAR AS date", "symbol", shown].filter((part) => part !== "");
  const rows = await queryRows(
    connection,
    `SELECT ${columns.join(", ")} FROM keys WHERE ${where}
     ORDER BY day DESC, position DESC LIMIT ${SAMPLES_MAX}`,
  );
  return { count, sample: rows.map(toSample) };
}

async function duplicates(connection: DuckDBConnection): Promise<Found> {
  const groups = "FROM keys WHERE day IS NOT NULL GROUP BY day, symbol HAVING count(*) > 1";
  const [row] = await queryRows(connection, `SELECT count(*) AS n FROM (SELECT 1 ${groups})`);
  const count = Number(row?.["n"] ?? 0);
  if (count === 0) return { count, sample: [] };
  const rows = await queryRows(
    connection,
    `SELECT day::VARCHAR AS date, symbol, count(*) AS rows ${groups} ORDER BY day DESC LIMIT ${SAMPLES_MAX}`,
  );
  return { count, sample: rows.map(toSample) };
}

async function quarantined(
  connection: DuckDBConnection,
): Promise<{ reason: string; rows: number }[]> {
  const rows = await queryRows(
    connection,
    `SELECT reason, count(*) AS rows FROM keys
     WHERE ${UNLABELLED} AND reason IS NOT NULL
     GROUP BY reason ORDER BY rows DESC, reason LIMIT ${SAMPLES_MAX}`,
  );
  return rows.map((row) => ({ reason: String(row["reason"]), rows: Number(row["rows"]) }));
}

/** SQL that is true of rows whose step is too far from the median; never true without a spread. */
async function outlierCondition(connection: DuckDBConnection): Promise<string> {
  const [row] = await queryRows(
    connection,
    "SELECT median(step) AS middle, mad(step) AS spread FROM keys WHERE step IS NOT NULL",
  );
  const spread = Number(row?.["spread"] ?? 0);
  if (!(spread > 0)) return "false";
  const limit = THRESHOLDS.outlier.deviations * ROBUST * spread;
  return `coalesce(abs(step - (${Number(row?.["middle"])})) > ${limit}, false)`;
}

/** A row as a sample of the report: empty values left out, figures that JSON lacks as text. */
export function toSample(row: Record<string, unknown>): Sample {
  const entries = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      typeof value === "number" && Number.isFinite(value) ? value : String(value),
    ]),
  );
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
