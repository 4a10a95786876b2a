import type { z } from "zod";
import { isSecret } from "./expectation.ts";
import { isMapping } from "./key-path.ts";
import { type Origin, type Origins, originText } from "./origins.ts";
import { HIDDEN } from "./secrets.ts";

/** One value as it may be shown: a secret is replaced by asterisks. */
export interface ShownValue {
  /** `train.folds`. */
  key: string;
  value: unknown;
  isSecret: boolean;
  origin: Origin;
}

/** Every value of a configuration with its origin, secrets replaced, in the order of the schema. */
export function shownValues(schema: z.ZodType, config: unknown, origins: Origins): ShownValue[] {
  return [...origins].map(([key, { path, value, origin }]) => {
    const hidden = isSecret(schema, path, config);
    return { key, value: hidden ? HIDDEN : value, isSecret: hidden, origin };
  });
}

/** A value as it would stand in `cbi.yaml`, on one line. */
export function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  if (isMapping(value)) {
    const inner = Object.entries(value).map(([key, one]) => `${key}: ${valueText(one)}`);
    return inner.length === 0 ? "{}" : `{ ${inner.join(", ")} }`;
  }
  const isPlain = typeof value !== "string" || /^[A-Za-z0-9_./ +-]+$/.test(value);
  return isPlain ? String(value) : JSON.stringify(value);
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
