import type { DuckDBConnection } from "@duckdb/node-api";
import type { AuditContext } from "../../audit/context.ts";
import type { NewestRows } from "../../audit/observation.ts";
import type { Roles } from "../../audit/roles.ts";
import { THRESHOLDS } from "../../audit/thresholds.ts";
import { queryRows, sqlText } from "../../system/duckdb.ts";
import { asDouble, batchesOf } from "./parquet.ts";
import type { ParquetFile } from "./parquet.ts";

const { rows: SAMPLE_ROWS, referenceRows: REFERENCE_ROWS } = THRESHOLDS.drift;
/** Rows with a known future that the look-ahead check compares. */
const KNOWN_ROWS = 300;

/**
 * Reads the newest rows of one symbol: as many as drift, stuck values and look-ahead need. Asks
 * `keys` of the connection for the first of their days, so that older row groups are not touched.
 */
export async function scanNewest(
  connection: DuckDBConnection,
  parquet: ParquetFile,
  roles: Roles,
  context: AuditContext,
): Promise<NewestRows> {
  const rowsMax = Math.max(SAMPLE_ROWS + REFERENCE_ROWS + 1, context.horizonRows + KNOWN_ROWS);
  const [focus] = await queryRows(
    connection,
    `SELECT symbol, min(day)::VARCHAR AS first FROM (
       SELECT symbol, day FROM keys
       WHERE day IS NOT NULL AND symbol IS NOT DISTINCT FROM
         (SELECT symbol FROM keys WHERE day IS NOT NULL ORDER BY day DESC, symbol LIMIT 1)
       ORDER BY day DESC LIMIT ${rowsMax})
     GROUP BY symbol`,
  );
  const columns = [...new Set([...roles.features, ...watched(parquet, roles, context)])];
  const read = new Map<string, Float64Array>(columns.map((name) => [name, new Float64Array()]));
  if (typeof focus?.["first"] !== "string") {
    return { dates: [], price: new Float64Array(), label: new Float64Array(), columns: read };
  }
  const symbol = focus["symbol"];
  const where =
    `date >= DATE ${sqlText(focus["first"])}` +
    (roles.symbol && typeof symbol === "string" ? ` AND symbol = ${sqlText(symbol)}` : "");
  const keyColumns = ["price", context.target];
  let dates: string[] = [];
  for (const batch of batchesOf(parquet, [...keyColumns, ...columns])) {
    const reader = await connection.runAndReadAll(
      `SELECT strftime(date, '%Y-%m-%d') AS day, ${batch.map(asDouble).join(", ")} FROM ${parquet.source}
       WHERE ${where} ORDER BY date, file_row_number`,
    );
    const [days, ...values] = reader.getColumnsJS();
    dates = (days ?? []).map(String);
    for (const [index, name] of batch.entries()) read.set(name, toNumbers(values[index] ?? []));
  }
  const price = read.get("price") ?? new Float64Array();
  const label = read.get(context.target) ?? new Float64Array();
  return { dates, price, label, columns: read };
}

/** Watched columns need not be features, but must be numbers to be watched. */
function watched(parquet: ParquetFile, roles: Roles, context: AuditContext): string[] {
  const refused = new Set(roles.refused.map(({ name }) => name));
  const present = new Set(parquet.columns.map(({ name }) => name));
  return context.watch.filter((name) => present.has(name) && !refused.has(name));
}

function toNumbers(values: readonly unknown[]): Float64Array {
  return Float64Array.from(values, (value) =>
    typeof value === "number" && Number.isFinite(value) ? value : Number.NaN,
  );
}
