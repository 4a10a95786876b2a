import type { DuckDBConnection } from "@duckdb/node-api";
import type { AuditCheck } from "../../audit/report.ts";
import { rolesOf } from "../../audit/roles.ts";
import { cutsOf, truncationChecks } from "../../audit/truncation.ts";
import type { Truncation } from "../../audit/truncation.ts";
import { THRESHOLDS } from "../../audit/thresholds.ts";
import { queryRows, sqlName, withDuckdb } from "../../system/duckdb.ts";
import type { RecomputeTable, Warehouse } from "../../warehouse/warehouse.ts";
import { openParquet } from "./parquet.ts";
import type { ParquetFile } from "./parquet.ts";

/** An export whose features are compared. */
export interface TruncatedDataset {
  horizon: string;
  /** Absolute path. */
  file: string;
  target: string;
  /** Columns that are no features. */
  excluded: readonly string[];
}

/**
 * Makes the tables again and compares; `span` is from the oldest row to the newest. What is not to be
 * done says why instead, before anybody has looked at the files.
 */
export type Truncate =
  | { skipped: string }
  | ((
      tables: readonly RecomputeTable[],
      span: { first: string; last: string },
    ) => Promise<Truncation>);

export interface TruncateRequest {
  asOf: string;
  warehouse: Warehouse;
  /** The recipe whose tables an earlier audit has made again and accepted, and the day of that. */
  proven: { recipe: string; asOf: string } | undefined;
  signal: AbortSignal;
}

/**
 * How tonight's tables are made again: in the embedded warehouse every night, the full test once for
 * each version of the SQL; of large sources nothing but that. Returns the recipe beside it, if any.
 */
export async function truncator(
  request: TruncateRequest,
): Promise<{ truncate: Truncate; recipe: string | null }> {
  const { asOf, warehouse, proven, signal } = request;
  const skip = (reason: string, recipe: string | null = null) => ({
    truncate: { skipped: reason },
    recipe,
  });
  const { recompute } = warehouse;
  if (!recompute) {
    return skip(
      "The training tables are made elsewhere. Whether old values change from night to night is " +
        "what 'history_rewritten' tells.",
    );
  }
  const recipe = await recompute.recipe();
  if ("problem" in recipe) return skip(recipe.problem);
  const isProven = proven?.recipe === recipe.fingerprint;
  if (isProven && recipe.isLarge) {
    const reason = `The SQL is that of ${proven.asOf}, which passed; large tables are not made again each night.`;
    return skip(reason, recipe.fingerprint);
  }
  const truncate: Truncate = async (tables, { first, last }) => {
    const cuts = cutsOf(first, last, isProven);
    const result = await recompute.compare({ asOf, cuts, tables }, signal);
    return { kind: "compared", ...result };
  };
  return { truncate, recipe: recipe.fingerprint };
}

/**
 * The checks of each dataset, by horizon; none of one that cannot be read. What is made once for all
 * horizons is compared once.
 */
export async function truncationOf(
  datasets: readonly TruncatedDataset[],
  truncate: Truncate,
): Promise<Map<string, AuditCheck[]>> {
  if (typeof truncate !== "function") {
    const checks = truncationChecks({ kind: "skipped", reason: truncate.skipped }, () => false);
    return new Map(datasets.map(({ horizon }) => [horizon, checks]));
  }
  const { tables, owners, first, last } = await withDuckdb({ file: ":memory:" }, (connection) =>
    planOf(connection, datasets),
  );
  if (first === undefined || last === undefined) return new Map();
  const result = await truncate(tables, { first, last });
  return new Map(
    Array.from(owners, ([horizon, columns]) => [
      horizon,
      truncationChecks(
        result,
        (difference) => columns.get(difference.column) === difference.horizon,
      ),
    ]),
  );
}

interface Plan {
  tables: RecomputeTable[];
  /** For each horizon and feature the first horizon with the same values under the same name. */
  owners: Map<string, Map<string, string>>;
  /** The oldest and the newest row of all. */
  first?: string;
  last?: string;
}

async function planOf(
  connection: DuckDBConnection,
  datasets: readonly TruncatedDataset[],
): Promise<Plan> {
  const plan: Plan = { tables: [], owners: new Map() };
  let owner: { horizon: string; parquet: ParquetFile } | undefined;
  for (const { horizon, file, target, excluded } of datasets) {
    const parquet = await openParquet(connection, file).catch(() => undefined);
    const roles = parquet && rolesOf(parquet.columns, target, excluded);
    if (!parquet || roles?.date?.type !== "DATE") continue;
    const [days] = await queryRows(
      connection,
      `SELECT min(date)::VARCHAR AS first, max(date)::VARCHAR AS last FROM ${parquet.source}`,
    );
    if (typeof days?.["first"] !== "string" || typeof days["last"] !== "string") continue;
    plan.first = earlier(plan.first, days["first"]);
    plan.last = later(plan.last, days["last"]);
    const twins = owner ? await twinsOf(connection, owner.parquet, parquet, roles.features) : [];
    const own = roles.features.filter((name) => !twins.includes(name));
    const owned = roles.features.map((name): [string, string] => [
      name,
      owner !== undefined && twins.includes(name) ? owner.horizon : horizon,
    ]);
    plan.owners.set(horizon, new Map(owned));
    owner ??= { horizon, parquet };
    if (own.length === 0) continue;
    const columns = own.map((name) => ({ name, tolerance: toleranceOf(parquet, name) }));
    plan.tables.push({ horizon, file, columns });
  }
  return plan;
}

/** The features that hold the same values in the same rows of both files. */
async function twinsOf(
  connection: DuckDBConnection,
  left: ParquetFile,
  right: ParquetFile,
  features: readonly string[],
): Promise<string[]> {
  const likely = features.filter((name) => {
    const [one, other] = [left.footer.get(name), right.footer.get(name)];
    return left.rows === right.rows && one && JSON.stringify(one) === JSON.stringify(other);
  });
  if (likely.length === 0) return [];
  const equal = ["date", ...likely].map(
    (name, index) =>
      `bool_and(one.${sqlName(name)} IS NOT DISTINCT FROM other.${sqlName(name)}) AS e${index}`,
  );
  const [row] = await queryRows(
    connection,
    `SELECT ${equal.join(", ")} FROM ${left.source} AS one POSITIONAL JOIN ${right.source} AS other`,
  );
  if (row?.["e0"] !== true) return [];
  return likely.filter((_, index) => row[`e${index + 1}`] === true);
}

/** A share of the column's greatest size: what is left of a sum that should be 0. */
function toleranceOf(parquet: ParquetFile, name: string): number {
  const stated = parquet.footer.get(name)?.statistics;
  const size = Math.max(Math.abs(stated?.least ?? 0), Math.abs(stated?.greatest ?? 0));
  return Number.isFinite(size) ? THRESHOLDS.truncation.tolerance * size : 0;
}

function earlier(left: string | undefined, right: string): string {
  return left !== undefined && left < right ? left : right;
}

function later(left: string | undefined, right: string): string {
  return left !== undefined && left > right ? left : right;
}
