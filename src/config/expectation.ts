import { z } from "zod";
import { isMapping, type KeyPath } from "./key-path.ts";

/** What a schema's `.meta()` may say for us, besides its description. */
export interface ConfigMeta {
  /** What a valid value is, after "expected": "a duration such as 26h". */
  expects?: string;
  /** The key by which a mapping is told from the others of its union. */
  by?: string;
  /** The value is shown nowhere: not by `config show`, not in an error. */
  secret?: boolean;
}

/** What a valid value is, in words that follow "expected". */
export function expectation(schema: z.core.$ZodType): string {
  const said = layers(schema).map((layer) => metaOf(layer)["expects"]);
  const phrase = said.find((one) => typeof one === "string");
  if (phrase !== undefined) return phrase;
  const inner = unwrap(schema);
  if (inner instanceof z.ZodNumber) return numberExpectation(inner);
  if (inner instanceof z.ZodString) return "text";
  if (inner instanceof z.ZodBoolean) return "true or false";
  if (inner instanceof z.ZodLiteral) return [...inner.values].map(String).join(" or ");
  if (inner instanceof z.ZodEnum) return oneOf(inner.options.map(String));
  if (inner instanceof z.ZodArray) return `a list, each entry ${expectation(inner.element)}`;
  if (inner instanceof z.ZodObject) {
    return `a mapping with the keys ${Object.keys(inner.shape).join(", ")}`;
  }
  if (inner instanceof z.ZodRecord) return `a mapping, each value ${expectation(inner.valueType)}`;
  if (inner instanceof z.ZodUnion) return inner.options.map(expectation).join(", or ");
  return "another value";
}

/** The schema of the value at `path`, going the way that `value` took where there are several. */
export function schemaAt(
  schema: z.core.$ZodType,
  path: KeyPath,
  value: unknown,
): z.core.$ZodType | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return schema;
  const inner = unwrap(schema);
  const below = isMapping(value) || Array.isArray(value) ? Reflect.get(value, step) : undefined;
  if (inner instanceof z.ZodUnion) {
    const found = optionsFor(inner, value).map((option) => schemaAt(option, path, value));
    return found.find((option) => option !== undefined);
  }
  const next = stepInto(inner, step);
  return next && schemaAt(next, rest, below);
}

/** The names of keys that a mapping of this schema may have; undefined where any name may be. */
export function keysOf(schema: z.core.$ZodType, value: unknown): string[] | undefined {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return Object.keys(inner.shape);
  if (inner instanceof z.ZodUnion) {
    const found = optionsFor(inner, value).map((option) => keysOf(option, value));
    return found.find((option) => option !== undefined);
  }
  if (!(inner instanceof z.ZodRecord)) return undefined;
  const key = unwrap(inner.keyType);
  return key instanceof z.ZodEnum ? key.options.map(String) : undefined;
}

/** True when the value at `path` is marked secret, or lies inside one that is. */
export function isSecret(schema: z.core.$ZodType, path: KeyPath, value: unknown): boolean {
  return path.some((_, index) => {
    const here = schemaAt(schema, path.slice(0, index + 1), value);
    return here !== undefined && layers(here).some((layer) => metaOf(layer)["secret"] === true);
  });
}

/** Every path that the schema knows, in its order; `*` stands for a free name, lists end a path. */
export function schemaPaths(schema: z.core.$ZodType, path: readonly string[] = []): string[][] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape).flatMap(([key, value]) => [
      [...path, key],
      ...schemaPaths(value as z.core.$ZodType, [...path, key]),
    ]);
  }
  if (inner instanceof z.ZodRecord) return schemaPaths(inner.valueType, [...path, "*"]);
  if (inner instanceof z.ZodUnion) {
    return inner.options.flatMap((option) => schemaPaths(option, path));
  }
  return [];
}

/** The schema without defaults and the like around it. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  return layers(schema).at(-1) ?? schema;
}

function layers(schema: z.core.$ZodType): z.core.$ZodType[] {
  const isWrapper =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault;
  return isWrapper ? [schema, ...layers(schema.def.innerType)] : [schema];
}

function metaOf(schema: z.core.$ZodType): Record<string, unknown> {
  return z.globalRegistry.get(schema) ?? {};
}

function stepInto(inner: z.core.$ZodType, step: string | number): z.core.$ZodType | undefined {
  if (inner instanceof z.ZodObject) {
    const shape = inner.shape as Record<string, z.core.$ZodType>;
    return Object.hasOwn(shape, step) ? shape[step] : undefined;
  }
  if (inner instanceof z.ZodRecord) return inner.valueType;
  return inner instanceof z.ZodArray && typeof step === "number" ? inner.element : undefined;
}

/** The options of a union that a value of this kind is meant for; by its literals where it has any. */
function optionsFor(union: z.ZodUnion, value: unknown): z.core.$ZodType[] {
  const fitting = union.options.filter((option) => {
    const inner = unwrap(option);
    if (!(inner instanceof z.ZodObject) || !isMapping(value)) return true;
    return Object.entries(inner.shape).every(([key, field]) => {
      return (
        !(field instanceof z.ZodLiteral) || !(key in value) || field.safeParse(value[key]).success
      );
    });
  });
  const named = fitting.filter((option) => isMapping(value) && isNamedBy(option, value));
  if (named.length > 0) return named;
  return fitting.length > 0 ? fitting : [...union.options];
}

/** Whether the value has the key by which mappings of this schema are told from others. */
export function isNamedBy(schema: z.core.$ZodType, value: Record<string, unknown>): boolean {
  const { by } = metaOf(schema);
  return typeof by === "string" && by in value;
}

function numberExpectation(schema: z.ZodNumber): string {
  const kind = schema.isInt ? "a whole number" : "a number";
  const [low, high] = [schema.minValue, schema.maxValue];
  const hasLow = low !== null && low > Number.MIN_SAFE_INTEGER;
  const hasHigh = high !== null && high < Number.MAX_SAFE_INTEGER;
  if (hasLow && hasHigh) return `${kind} from ${low} to ${high}`;
  if (hasLow) return `${kind} of at least ${low}`;
  return hasHigh ? `${kind} of at most ${high}` : kind;
}

function oneOf(names: readonly string[]): string {
  return names.length === 1 ? (names[0] ?? "") : `one of ${names.join(", ")}`;
}
