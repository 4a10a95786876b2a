import type { z } from "zod";
import { ConfigFailure, type ConfigProblem } from "./config-failure.ts";
import { applyOverrides, environmentOverrides, type Override } from "./environment.ts";
import { type Finding, findingsOf } from "./issue-sentences.ts";
import { isMapping, pathText } from "./key-path.ts";
import { type Origins, originsOf } from "./origins.ts";
import { originAt, placeProblems, type Sources } from "./placer.ts";
import { readYaml } from "./yaml-text.ts";

/** What a configuration is made from. */
export interface ConfigInput<S extends z.ZodType> {
  schema: S;
  /** What no single value shows; given the merged value, before defaults. */
  crossCheck?: (value: unknown) => Finding[];
  text: string;
  /** How the file is called in messages. */
  file: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** Values from the command line, which win over everything. */
  options?: readonly ConfigOption[];
  remedy: string;
}

/** A value that a command-line option sets: `{ name: "--as-of", path: ["as_of"], value }`. */
export interface ConfigOption {
  name: string;
  path: readonly string[];
  value: unknown;
}

export interface ParsedConfig<T> {
  config: T;
  origins: Origins;
  warnings: string[];
}

/**
 * Reads, merges and checks a configuration: options over environment over file over defaults.
 * Throws a `ConfigFailure` with every problem, in the order of the file.
 */
export function parseConfig<S extends z.ZodType>(input: ConfigInput<S>): ParsedConfig<z.infer<S>> {
  const { schema, file } = input;
  const yaml = readYaml(input.text);
  const environment = environmentOverrides(input.environment);
  const overrides = [...environment.overrides, ...optionOverrides(input.options ?? [])];
  const { value: merged, blocked } = applyOverrides(yaml.value, overrides);
  const sources: Sources = { schema, file, yaml, overrides, merged };
  const result = schema.safeParse(merged);
  const findings = yaml.isWellFormed ? judge(input, sources, result.error) : [];
  const problems: ConfigProblem[] = [
    ...placeProblems(sources, yaml.problems, findings),
    ...environment.problems.map(({ name, message }) => ({ key: "", source: name, message })),
    ...blocked.map(({ override, at }) => ({
      key: pathText(override.path),
      source: override.name,
      message: `expected a mapping at ${pathText(at)}, where there is a plain value`,
    })),
  ];
  if (problems.length > 0 || !result.success) {
    throw new ConfigFailure(file, inOrder(problems), input.remedy);
  }
  return {
    config: result.data,
    origins: originsOf(result.data, (path) => originAt(sources, path)),
    warnings: environment.warnings,
  };
}

function optionOverrides(options: readonly ConfigOption[]): Override[] {
  return options.map((option) => ({ ...option, kind: "option" }));
}

function judge<S extends z.ZodType>(
  input: ConfigInput<S>,
  { yaml, merged }: Sources,
  error: z.core.$ZodError | undefined,
): Finding[] {
  if (merged === undefined || merged === null) {
    return [{ path: [], at: "value", message: "expected a configuration, got an empty file" }];
  }
  if (!isMapping(merged)) {
    const message = "expected keys with values at the top of the file, such as version: 1";
    return [{ path: [], at: "value", message }];
  }
  const placed = new Set(yaml.problems.map(({ path }) => path && pathText(path)));
  const findings = findingsOf(error?.issues ?? [], input.schema, merged);
  return [...findings, ...(input.crossCheck?.(merged) ?? [])].filter(
    ({ path }) => !placed.has(pathText(path)),
  );
}

/** Without repetitions, in the order of the file; what is outside the file comes last. */
function inOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const unique = new Map(
    problems.map((one) => [`${one.source}\n${one.line}\n${one.key}\n${one.message}`, one]),
  );
  return [...unique.values()].sort(
    (left, right) =>
      (left.line ?? Number.MAX_SAFE_INTEGER) - (right.line ?? Number.MAX_SAFE_INTEGER) ||
      (left.column ?? 0) - (right.column ?? 0),
  );
}
