import { z } from "zod";
import {
  expectation,
  isNamedBy,
  isSecret,
  keysOf,
  schemaAt,
  schemaPaths,
  unwrap,
} from "./expectation.ts";
import { isMapping, type KeyPath, pathText, valueAt } from "./key-path.ts";
import { nearest } from "./nearest.ts";
import { isSensitiveName } from "./secrets.ts";
import { nearestZone } from "./zone.ts";

/** One thing that is wrong with a value or with a key's name. */
export interface Finding {
  path: KeyPath;
  /** Which of the two the reader should look at. */
  at: "key" | "value";
  message: string;
  /** The key is none of ours: what stands under it may be the secret of a mistyped one. */
  isUnknown?: boolean;
}

type Issue = z.core.$ZodIssue;

/** What zod found, in sentences: what was expected, what came, the nearest valid name. */
export function findingsOf(
  issues: readonly Issue[],
  schema: z.core.$ZodType,
  value: unknown,
): Finding[] {
  return issues.flatMap((issue) => translate(issue, { schema, value, path: [] }));
}

/** A schema with its value, somewhere below the root. */
interface Spot {
  schema: z.core.$ZodType;
  value: unknown;
  path: KeyPath;
}

function translate(issue: Issue, spot: Spot): Finding[] {
  const below = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  const path = [...spot.path, ...below];
  const value = valueAt(spot.value, below);
  const schema = schemaAt(spot.schema, below, spot.value);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) =>
      unknownKey(key, { schema: schema ?? spot.schema, value, path }, spot),
    );
  }
  if (issue.code === "invalid_key") return [invalidName(path, issue, spot)];
  const kinds = issue.code === "invalid_union" ? kindsAt(spot, below) : undefined;
  if (kinds) return unknownKind(kinds, { path, value });
  if (schema === undefined) return [{ path, at: "value", message: issue.message }];
  if (issue.code === "invalid_union") {
    const chosen = chosenBranch(issue, schema, value);
    if (chosen)
      return chosen.issues.flatMap((inner) => translate(inner, { ...chosen, value, path }));
  }
  const secret = isSecret(spot.schema, below, spot.value) || below.some(isSensitiveName);
  return [{ path, at: "value", message: wrongValue(schema, value, secret) }];
}

function wrongValue(schema: z.core.$ZodType, value: unknown, isHidden: boolean): string {
  const expected = `expected ${expectation(schema)}`;
  if (value === undefined) return `missing: ${expected}`;
  if (isHidden) return `${expected}, got a hidden value`;
  const guess = typeof value === "string" ? nearestValue(schema, value) : undefined;
  const hint = guess === undefined ? quotesHint(schema, value) : `; did you mean ${guess}?`;
  return `${expected}, got ${shown(value)}${hint}`;
}

/** A value as it may be quoted in a sentence: short, its kind recognizable. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") {
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  }
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const kind = Array.isArray(value) ? "list" : "mapping";
  return Object.keys(value).length === 0 ? `an empty ${kind}` : `a ${kind}`;
}

function nearestValue(schema: z.core.$ZodType, value: string): string | undefined {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodEnum) return nearest(value, inner.options.map(String));
  if (inner instanceof z.ZodLiteral) return nearest(value, [...inner.values].map(String));
  if (inner instanceof z.ZodUnion) {
    const found = inner.options.map((option) => nearestValue(option, value));
    return found.find((guess) => guess !== undefined);
  }
  return z.globalRegistry.get(inner)?.["suggests"] === "zone" ? nearestZone(value) : undefined;
}

/** Quotes are YAML's commonest trap: `"5"` is text, and `5` is none. */
function quotesHint(schema: z.core.$ZodType, value: unknown): string {
  const inner = unwrap(schema);
  if (
    inner instanceof z.ZodNumber &&
    typeof value === "string" &&
    /^[-+\d.]+$/.test(value.trim())
  ) {
    return "; write it without quotes";
  }
  const isPlainText = inner instanceof z.ZodString && inner.safeParse(String(value)).success;
  return isPlainText && typeof value === "number" ? "; put it in quotes" : "";
}

function unknownKey(key: string, at: Spot, root: Spot): Finding {
  const path = [...at.path, key];
  const known = keysOf(at.schema, at.value) ?? [];
  const guess = nearest(key, known) ?? elsewhere(key, root.schema);
  const where = at.path.length === 0 ? "at the top" : `in ${pathText(at.path)}`;
  const hint =
    guess === undefined ? `known ${where}: ${known.join(", ")}` : `did you mean ${guess}?`;
  return {
    path,
    at: "key",
    isUnknown: true,
    message: `there is no key ${JSON.stringify(key)} ${where}; ${hint}`,
  };
}

/** A key of that very name in another section, when there is only one. */
function elsewhere(key: string, schema: z.core.$ZodType): string | undefined {
  const found = schemaPaths(schema).filter((path) => path.at(-1) === key && path.length > 1);
  const texts = [...new Set(found.map((path) => path.join(".")))];
  return texts.length === 1 ? texts[0] : undefined;
}

function invalidName(path: KeyPath, issue: Issue, spot: Spot): Finding {
  const parent = schemaAt(spot.schema, issue.path.slice(0, -1).map(String), spot.value);
  const record = parent && unwrap(parent);
  const expected = record instanceof z.ZodRecord ? expectation(record.keyType) : "another name";
  const message = `expected a name of this form: ${expected}; got ${shown(String(path.at(-1)))}`;
  return { path, at: "key", message };
}

/** The mapping whose kind is none of those it may have, where the issue is that. */
interface UnknownKind {
  options: Map<string, z.core.$ZodType>;
  mapping: Record<string, unknown>;
  key: string;
}

function kindsAt(spot: Spot, below: readonly (string | number)[]): UnknownKind | undefined {
  const key = below.at(-1);
  const parentPath = below.slice(0, -1);
  const mapping = valueAt(spot.value, parentPath);
  const parent = schemaAt(spot.schema, parentPath, spot.value);
  const union = parent && unwrap(parent);
  if (!(union instanceof z.ZodDiscriminatedUnion) || union.def.discriminator !== key)
    return undefined;
  if (!isMapping(mapping)) return undefined;
  const options = new Map<string, z.core.$ZodType>();
  for (const option of union.options) {
    const kind = schemaAt(option, [key], {});
    const literal = kind && unwrap(kind);
    if (literal instanceof z.ZodLiteral) options.set(String([...literal.values][0]), option);
  }
  return { options, mapping, key };
}

/** What the kind may be; and with a kind that was nearly right, what else is wrong beside it. */
function unknownKind(
  { options, mapping, key }: UnknownKind,
  { path, value }: { path: KeyPath; value: unknown },
): Finding[] {
  const names = [...options.keys()];
  const expected = `expected ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  if (value === undefined) return [{ path, at: "value", message: `missing: ${expected}` }];
  const guess = typeof value === "string" ? nearest(value, names) : undefined;
  const hint = guess === undefined ? "" : `; did you mean ${guess}?`;
  const finding: Finding = {
    path,
    at: "value",
    message: `${expected}, got ${shown(value)}${hint}`,
  };
  const meant = guess === undefined ? undefined : options.get(guess);
  if (!(meant instanceof z.ZodType)) return [finding];
  const asMeant = { ...mapping, [key]: guess };
  const others = meant.safeParse(asMeant).error?.issues ?? [];
  const at = { schema: meant, value: asMeant, path: path.slice(0, -1) };
  return [finding, ...others.flatMap((issue) => translate(issue, at))];
}

/** The alternative that the value was meant for, or undefined when it fits the kind of none or many. */
function chosenBranch(
  issue: z.core.$ZodIssueInvalidUnion,
  schema: z.core.$ZodType,
  value: unknown,
): { schema: z.core.$ZodType; issues: Issue[] } | undefined {
  const union = unwrap(schema);
  if (!(union instanceof z.ZodUnion)) return undefined;
  const branches = issue.errors.flatMap((issues, index) => {
    const option = union.options[index];
    const isOtherKind = issues.some(
      (inner) => inner.path.length === 0 && ["invalid_type", "invalid_value"].includes(inner.code),
    );
    return option && !isOtherKind ? [{ schema: option, issues }] : [];
  });
  if (!isMapping(value)) return undefined;
  const named = branches.filter(({ schema }) => isNamedBy(schema, value));
  if (named.length > 0) return named[0];
  return branches.length === 1 ? branches[0] : undefined;
}
