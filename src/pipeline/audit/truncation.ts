import type { Observation } from "../../audit/observation.ts";
import type { AuditCheck } from "../../audit/report.ts";
import { yearHashes } from "../../audit/schema-checks.ts";
import { cutsOf, truncationChecks } from "../../audit/truncation.ts";
import type { Truncation } from "../../audit/truncation.ts";
import { THRESHOLDS } from "../../audit/thresholds.ts";
import type { RecomputeTable, Warehouse } from "../../warehouse/warehouse.ts";

/** An export that was seen whole. */
export interface SeenDataset {
  horizon: string;
  /** Absolute path. */
  file: string;
  seen: Observation;
}

/** Makes the tables again and compares; `span` is from the oldest row to the newest. */
export type Truncate = (
  tables: readonly RecomputeTable[],
  span: { first: string; last: string },
) => Promise<Truncation>;

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
    truncate: () => Promise.resolve({ kind: "skipped" as const, reason }),
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

/** The checks of each dataset, by horizon; none of one that could not be seen. */
export async function truncationOf(
  datasets: readonly SeenDataset[],
  truncate: Truncate,
): Promise<Map<string, AuditCheck[]>> {
  const usable = datasets.filter(
    ({ seen }) => seen.keys?.first && seen.keys.last && seen.keys.duplicated.count === 0,
  );
  const twins = twinsOf(usable);
  const tables = usable.map(({ horizon, file, seen }) => ({
    horizon,
    file,
    columns: seen.features
      .filter((name) => twins.get(horizon)?.get(name) === horizon)
      .map((name) => ({ name, tolerance: toleranceOf(seen, name) })),
  }));
  const days = usable.flatMap(({ seen }) => [seen.keys?.first ?? [], seen.keys?.last ?? []].flat());
  const [first, last] = [days.toSorted()[0], days.toSorted().at(-1)];
  if (first === undefined || last === undefined) return new Map();
  const result = await truncate(
    tables.filter(({ columns }) => columns.length > 0),
    { first, last },
  );
  return new Map(
    usable.map(({ horizon }) => [
      horizon,
      truncationChecks(
        result,
        (difference) => twins.get(horizon)?.get(difference.column) === difference.horizon,
      ),
    ]),
  );
}

/**
 * For each horizon and feature the first horizon that holds the same values under the same name, as
 * their hashes say: what is made once for all horizons is compared once.
 */
function twinsOf(datasets: readonly SeenDataset[]): Map<string, Map<string, string>> {
  const owners = new Map<string, string>();
  return new Map(
    datasets.map(({ horizon, seen }) => {
      const months = seen.months ?? [];
      const names = months.map(({ month }) => month);
      const years = [...new Set(names.map((month) => month.slice(0, -3)))];
      const known = { months: names, years };
      const first = seen.features.map((name): [string, string] => {
        const hashes = yearHashes(months, seen.hashed.indexOf(name), known);
        const key = JSON.stringify([name, seen.rows, hashes]);
        const owner = owners.get(key) ?? horizon;
        owners.set(key, owner);
        return [name, owner];
      });
      return [horizon, new Map(first)];
    }),
  );
}

/** A share of the column's greatest size: what is left of a sum that should be 0. */
function toleranceOf(seen: Observation, name: string): number {
  const figure = seen.figures?.get(name);
  const size = Math.max(Math.abs(figure?.least ?? 0), Math.abs(figure?.greatest ?? 0));
  return Number.isFinite(size) ? THRESHOLDS.truncation.tolerance * size : 0;
}
