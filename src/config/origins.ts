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

function leaves(value: unknown, path: KeyPath): { path: KeyPath; value: unknown }[] {
  if (!isMapping(value) || Object.keys(value).length === 0) return [{ path, value }];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}
