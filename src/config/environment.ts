import { isMapping, type KeyPath } from "./key-path.ts";
import { readYaml } from "./yaml-text.ts";

/** A value that was set outside the file, and by what. */
export interface Override {
  path: readonly string[];
  value: unknown;
  /** The variable `CBI_CONFIG__train__folds`, or the option `--as-of`. */
  name: string;
  kind: "environment" | "option";
}

const PREFIX = "CBI_CONFIG__";

/**
 * The overrides in environment variables: `CBI_CONFIG__train__folds=3` sets `train.folds`. A value
 * is read as YAML on one line, so that `3` is a number and `[a, b]` a list.
 */
export function environmentOverrides(environment: Readonly<Record<string, string | undefined>>): {
  overrides: Override[];
  problems: { name: string; message: string }[];
  warnings: string[];
} {
  const overrides: Override[] = [];
  const problems: { name: string; message: string }[] = [];
  const warnings: string[] = [];
  for (const [name, text] of Object.entries(environment).sort(byName)) {
    if (text === undefined) continue;
    if (/^CBI_CONFIG(?!__)/i.test(name)) {
      warnings.push(`${name} configures nothing: overrides begin with ${PREFIX}, two underscores`);
    }
    if (!name.startsWith(PREFIX)) continue;
    const path = name.slice(PREFIX.length).split("__");
    if (path.includes("")) {
      problems.push({
        name,
        message: `expected ${PREFIX}section__key, got an empty part in the name`,
      });
      continue;
    }
    const read = readOneLine(text);
    if ("message" in read) problems.push({ name, message: read.message });
    else overrides.push({ path, value: read.value, name, kind: "environment" });
  }
  return { overrides, problems, warnings };
}

/**
 * The value with the overrides laid over it, later ones over earlier ones; `value` is left alone. An
 * override below something that is no mapping is returned as blocked, with that place.
 */
export function applyOverrides(
  value: unknown,
  overrides: readonly Override[],
): { value: unknown; blocked: { override: Override; at: KeyPath }[] } {
  const blocked: { override: Override; at: KeyPath }[] = [];
  let merged = value;
  for (const override of overrides) {
    const at = firstObstacle(merged, override.path);
    if (at) blocked.push({ override, at });
    else merged = withValue(merged, override.path, override.value);
  }
  return { value: merged, blocked };
}

function readOneLine(text: string): { value: unknown } | { message: string } {
  const said = "expected a YAML value on one line, such as 3, text or [a, b]";
  if (text.length > 4096) return { message: `${said}, got ${text.length} characters` };
  if (text.trim() === "")
    return { message: `${said}, got nothing; unset it to keep the file's value` };
  if (/[\n\r]/.test(text)) return { message: `${said}, got several lines` };
  const read = readYaml(text);
  const problem = read.problems[0];
  if (problem) return { message: `${said}: ${problem.message}` };
  const isBlock = isMapping(read.value) && !text.trimStart().startsWith("{");
  const isBlockList = Array.isArray(read.value) && !text.trimStart().startsWith("[");
  if (isBlock || isBlockList) return { message: `${said}; a mapping is written {key: value}` };
  return { value: read.value ?? null };
}

function firstObstacle(value: unknown, path: KeyPath): KeyPath | undefined {
  let current = value;
  for (const [index, step] of path.entries()) {
    if (current === undefined) return undefined;
    if (!isMapping(current)) return path.slice(0, index);
    current = Object.hasOwn(current, step) ? current[step] : undefined;
  }
  return undefined;
}

function withValue(current: unknown, path: readonly string[], value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const copy = Object.create(null) as Record<string, unknown>;
  if (isMapping(current)) for (const [key, inner] of Object.entries(current)) copy[key] = inner;
  copy[step] = withValue(copy[step], rest, value);
  return copy;
}

function byName([left]: [string, unknown], [right]: [string, unknown]): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
