import { type KeyPath, isMapping, pathText } from "./key-path.ts";

/** Where a value came from. Line and column count from 1. */
export type Origin =
  | { kind: "default" }
  | { kind: "file"; line: number; column: number }
  | { kind: "environment" | "option"; name: string };

/** The origin of every value without parts, by `pathText`, in the order of the schema. */
export type Origins = ReadonlyMap<string, { path: KeyPath; value: unknown; origin: Origin }>;

/** The plain values of a configuration with their origins. A list counts as one value. */
export function originsOf(config: unknown, originOf: (path: KeyPath) => Origin): Origins {
  return new Map(
    leaves(config, []).map(({ path, value }) => [
      pathText(path),
      { path, value, origin: originOf(path) },
    ]),
  );
}

/** How an origin reads in a table: `default`, `cbi.yaml:12`, `CBI_CONFIG__train__folds`. */
export function originText(origin: Origin): string {
  if (origin.kind === "default") return "default";
  return origin.kind === "file" ? `cbi.yaml:${origin.line}` : origin.name;
}

/** How many values came from where, for a summary: `12 from cbi.yaml, 24 by default`. */
export function originSummary(origins: Origins): string {
  const counts = new Map<string, number>();
  for (const { origin } of origins.values()) {
    const name = origin.kind === "file" ? "cbi.yaml" : originText(origin);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const fromFirst = [...counts].sort(([, left], [, right]) => right - left);
  return fromFirst
    .map(([name, count]) => (name === "default" ? `${count} by default` : `${count} from ${name}`))
    .join(", ");
}

function leaves(value: unknown, path: KeyPath): { path: KeyPath; value: unknown }[] {
  if (!isMapping(value) || Object.keys(value).length === 0) return [{ path, value }];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}
