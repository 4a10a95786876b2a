import type { z } from "zod";
import { isSecret } from "./expectation.ts";
import { isMapping } from "./key-path.ts";
import type { Origin, Origins } from "./origins.ts";
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
