import type { DuckDBConnection } from "@duckdb/node-api";
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

/** Beyond this size a sum of squares overflows a double. */
const SQUARABLE = 1e150;

/**
 * The second scan: each feature's extremes and its correlation with the label over all rows. Counts
 * and extremes come from the statistics in the footer; where it has none, the values are read. Of a
 * long file, the correlation is that of some months (`sampledMonths`).
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
    const correlations = await correlationsOf(connection, parquet, extremes, target);
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
        correlation: correlations.get(name) ?? null,
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

async function correlationsOf(
  connection: DuckDBConnection,
  parquet: ParquetFile,
  extremes: ReadonlyMap<string, Extremes>,
  target: string,
): Promise<Map<string, number | null>> {
  const varying = [...extremes].filter(
    ([, seen]) => seen.values > 1 && seen.least !== seen.greatest,
  );
  const label = (await extremesOf(connection, parquet, [target])).get(target);
  if (varying.length === 0 || !label) return new Map();
  const tamed = tame(target, label);
  const parts = varying.map(
    ([name, seen], index) => `corr(${tame(name, seen)}, ${tamed}) AS c${index}`,
  );
  const where = parquet.monthStep === 1 ? "" : `WHERE ${sampledMonths(parquet)}`;
  const [row] = await queryRows(
    connection,
    `SELECT ${parts.join(", ")} FROM ${parquet.source} ${where}`,
  );
  return new Map(varying.map(([name], index) => [name, finiteOf(row?.[`c${index}`])]));
}

/** A column without the values by which `corr` ends in an error instead of a figure. */
function tame(name: string, seen: Extremes): string {
  const column = asDouble(name);
  const size = Math.max(Math.abs(seen.least ?? 0), Math.abs(seen.greatest ?? 0));
  if (size < SQUARABLE) return column;
  return `CASE WHEN abs(${column}) < ${SQUARABLE} THEN ${column} END`;
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

function finiteOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
