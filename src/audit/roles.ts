import type { ObservedColumn } from "./observation.ts";

/** What the columns of a training table are for, by the convention of their names. */
export interface Roles {
  date: ObservedColumn | undefined;
  price: ObservedColumn | undefined;
  label: ObservedColumn | undefined;
  symbol: ObservedColumn | undefined;
  reason: ObservedColumn | undefined;
  /** Numeric columns that a model may see. */
  features: string[];
  /** `target_*` columns other than the label. */
  foreignTargets: string[];
  /** Columns that are neither numbers nor known by name nor excluded. */
  refused: ObservedColumn[];
}

const NUMERIC =
  /^(BOOLEAN|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(.*\))$/;

/** Whether a type in the words of DuckDB is one that a model can see as a number. */
export function isNumeric(type: string): boolean {
  return NUMERIC.test(type);
}

/** Sorts the columns of a training table whose label is `target`; `excluded` ones are no features. */
export function rolesOf(
  columns: readonly ObservedColumn[],
  target: string,
  excluded: readonly string[],
): Roles {
  const named = (name: string) => columns.find((column) => column.name === name);
  const known = new Set(["date", "price", "symbol", "label_reason", target, ...excluded]);
  const others = columns.filter((column) => !known.has(column.name));
  const isTarget = (column: ObservedColumn) => column.name.toLowerCase().startsWith("target_");
  const candidates = others.filter((column) => !isTarget(column));
  return {
    date: named("date"),
    price: named("price"),
    label: named(target),
    symbol: named("symbol"),
    reason: named("label_reason"),
    features: candidates.filter(({ type }) => isNumeric(type)).map(({ name }) => name),
    foreignTargets: others.filter(isTarget).map(({ name }) => name),
    refused: candidates.filter(({ type }) => !isNumeric(type)),
  };
}
