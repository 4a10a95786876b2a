import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import { Associations } from "../../audit/association.ts";
import type { Association } from "../../audit/association.ts";
import type { FeatureFigures, Found } from "../../audit/observation.ts";
import { SAMPLES_MAX } from "../../audit/report.ts";
import { queryRows, sqlName } from "../../system/duckdb.ts";
import { asDouble, batchesOf, sampledMonths } from "./parquet.ts";
import type { ParquetFile } from "./parquet.ts";
import { toSample } from "./scan-keys.ts";

interface Extremes {
  values: number;
  least: number | null;
  greatest: number | null;
}

/** Associations are those of so many rows, or of up to twice as many: all but in long files. */
const ROWS_ASSOCIATED = 5_000;

/**
 * The second scan: each feature's extremes and how it goes with the label. Counts and extremes come
 * from the statistics in the footer; where it has none, the values are read. Of a file of more than
 * 10,000 rows, associations are those of some rows, spread by a hash; of a long one, of some months
 * (`sampledMonths`).
 */
export async function scanFeatures(
  connection: DuckDBConnection,
  parquet: ParquetFile,
  features: readonly string[],
  target: string,
): Promise<Map<string, FeatureFigures>> {
  const figures = new Map<string, FeatureFigures>();
  for (const batch of batchesOf(parquet, features)) {
    const extremes = await extremesOf(connection, parquet, batch);
    const associations = await associationsOf(connection, parquet, extremes, target);
    for (const [name, seen] of extremes) {
      const isFinite = Number.isFinite(seen.least ?? 0) && Number.isFinite(seen.greatest ?? 0);
      figures.set(name, {
        ...seen,
        notANumber: isFinite
          ? NONE
          : await found(connection, parquet, `isnan(${asDouble(name)})`, name),
        infinite: isFinite
          ? NONE
          : await found(connection, parquet, `isinf(${asDouble(name)})`, name),
        association: associations.get(name) ?? null,
      });
    }
  }
  return figures;
}

const NONE: Found = { count: 0, sample: [] };

async function extremesOf(
  connection: DuckDBConnection,
  parquet: ParquetFile,
  features: readonly string[],
): Promise<Map<string, Extremes>> {
  const unstated = features.filter((name) => !parquet.footer.get(name)?.statistics);
  const read = await readExtremes(connection, parquet, unstated);
  return new Map(
    features.map((name) => {
      const stated = parquet.footer.get(name)?.statistics;
      if (!stated) return [name, read.get(name) ?? { values: 0, least: null, greatest: null }];
      const { nulls, least, greatest } = stated;
      return [name, { values: parquet.rows - nulls, least, greatest }];
    }),
  );
}

async function readExtremes(
  connection: DuckDBConnection,
  parquet: ParquetFile,
  features: readonly string[],
): Promise<Map<string, Extremes>> {
  if (features.length === 0) return new Map();
  const parts = features.map((name, index) => {
    const column = sqlName(name);
    return `count(${column}) AS n${index}, min(${column})::DOUBLE AS a${index}, max(${column})::DOUBLE AS z${index}`;
  });
  const [row] = await queryRows(connection, `SELECT ${parts.join(", ")} FROM ${parquet.source}`);
  return new Map(
    features.map((name, index) => [
      name,
      {
        values: Number(row?.[`n${index}`] ?? 0),
        least: numberOf(row?.[`a${index}`]),
        greatest: numberOf(row?.[`z${index}`]),
      },
    ]),
  );
}

async function associationsOf(
  connection: DuckDBConnection,
  parquet: ParquetFile,
  extremes: ReadonlyMap<string, Extremes>,
  target: string,
): Promise<Map<string, Association>> {
  const varying = [...extremes]
    .filter(([, seen]) => seen.values > 1 && seen.least !== seen.greatest)
    .map(([name]) => name);
  if (varying.length === 0) return new Map();
  const result = await connection.run(
    `SELECT ${[target, ...varying].map(asDouble).join(", ")} FROM ${parquet.source}
     WHERE ${sampledMonths(parquet)} AND ${sampledRows(parquet)}`,
  );
  const chunks = await result.fetchAllChunks();
  const rows = chunks.reduce((sum, chunk) => sum + chunk.rowCount, 0);
  const associations = new Associations(readColumn(chunks, 0, new Float64Array(rows)));
  // One column after another through the same memory.
  const values = new Float64Array(rows);
  return new Map(
    varying.map((name, index) => [name, associations.of(readColumn(chunks, index + 1, values))]),
  );
}

/** A hash and not each n-th row, which in a file of many symbols might always be the same ones. */
function sampledRows(parquet: ParquetFile): string {
  const step = Math.floor(parquet.rows / parquet.monthStep / ROWS_ASSOCIATED);
  return step <= 1 ? "true" : `hash(file_row_number) % ${step} = 0`;
}

/** Reads one column of a result into `values`, null as NaN, and returns them. */
function readColumn(
  chunks: readonly DuckDBDataChunk[],
  index: number,
  values: Float64Array,
): Float64Array {
  let row = 0;
  for (const chunk of chunks) {
    const vector = chunk.getColumnVector(index);
    // Asked once, since the answer comes from the native library.
    const { itemCount } = vector;
    for (let item = 0; item < itemCount; item += 1) {
      const value = vector.getItem(item);
      values[row] = typeof value === "number" ? value : Number.NaN;
      row += 1;
    }
  }
  return values;
}

/** Counts rows of one feature and shows the newest; asked only of features that have some. */
async function found(
  connection: DuckDBConnection,
  parquet: ParquetFile,
  condition: string,
  name: string,
): Promise<Found> {
  const [row] = await queryRows(
    connection,
    `SELECT count(*) AS n FROM ${parquet.source} WHERE ${condition}`,
  );
  const count = Number(row?.["n"] ?? 0);
  if (count === 0) return NONE;
  const rows = await queryRows(
    connection,
    `SELECT date::VARCHAR AS date, ${sqlName(name)}::VARCHAR AS value FROM ${parquet.source}
     WHERE ${condition} ORDER BY date DESC LIMIT ${SAMPLES_MAX}`,
  );
  return { count, sample: rows.map(toSample) };
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
