import type { z } from "zod";
import type { ConfigProblem } from "./config-failure.ts";
import type { Override } from "./environment.ts";
import { excerpter } from "./excerpt.ts";
import { isSecret } from "./expectation.ts";
import type { Finding } from "./issue-sentences.ts";
import { type KeyPath, pathText } from "./key-path.ts";
import type { Origin } from "./origins.ts";
import { isSensitiveName } from "./secrets.ts";
import type { Span, YamlProblem, YamlText } from "./yaml-text.ts";

/** Everything that a value of the merged configuration can come from. */
export interface Sources {
  schema: z.ZodType;
  /** How the file is called in messages. */
  file: string;
  yaml: YamlText;
  overrides: readonly Override[];
  merged: unknown;
}

type Excerpter = ReturnType<typeof excerpter>;

/** Where the value at `path` came from. */
export function originAt(sources: Sources, path: KeyPath): Origin {
  const override = sources.overrides.findLast((one) => isPrefix(one.path, path));
  if (override) return { kind: override.kind, name: override.name };
  const spans = sources.yaml.spans.get(pathText(path));
  if (!spans) return { kind: "default" };
  return { kind: "file", ...sources.yaml.position((spans.key ?? spans.value).from) };
}

/** What the parser and the schema found, each with the place where the reader mends it. */
export function placeProblems(
  sources: Sources,
  syntax: readonly YamlProblem[],
  findings: readonly Finding[],
): ConfigProblem[] {
  if (syntax.length + findings.length === 0) return [];
  const show = excerpter(sources.yaml, hiddenSpans(sources, findings));
  return [
    ...syntax.map(({ span, path, message }) =>
      inFile(sources, { span, path: path ?? [], message }, show),
    ),
    ...findings.map((finding) => placeFinding(sources, finding, show)),
  ];
}

function placeFinding(sources: Sources, finding: Finding, show: Excerpter): ConfigProblem {
  const { path, at, message } = finding;
  const key = pathText(path);
  const spans = sources.yaml.spans.get(key);
  const override = overrideBehind(sources, path, spans !== undefined);
  if (override) return { key, source: override.name, message };
  if (sources.yaml.value === undefined) return { key, source: sources.file, message };
  const span = (at === "key" ? spans?.key : spans?.value) ?? spanAbove(sources.yaml, path);
  return inFile(sources, { span, path, message }, show);
}

/** The override that set the value, or one that set something below a value the file lacks. */
function overrideBehind(sources: Sources, path: KeyPath, isInFile: boolean): Override | undefined {
  const set = sources.overrides.findLast((one) => isPrefix(one.path, path));
  if (set || isInFile || path.length === 0) return set;
  return sources.overrides.findLast((one) => isPrefix(path, one.path));
}

function inFile(
  { file, yaml }: Sources,
  found: { span: Span; path: KeyPath; message: string },
  show: Excerpter,
): ConfigProblem {
  const offset = found.span.from;
  return {
    key: pathText(found.path),
    message: found.message,
    source: file,
    ...yaml.position(offset),
    excerpt: show(offset),
  };
}

/** The key of the nearest mapping above that the file has, or the file's start. */
function spanAbove(yaml: YamlText, path: KeyPath): Span {
  for (let length = path.length - 1; length > 0; length--) {
    const spans = yaml.spans.get(pathText(path.slice(0, length)));
    if (spans) return spans.key ?? spans.value;
  }
  return { from: 0, to: 1 };
}

/**
 * The values that no excerpt shows: those marked secret, those whose name sounds so, and those under
 * unknown keys, which may be mistyped names of secrets.
 */
function hiddenSpans({ yaml, schema, merged }: Sources, findings: readonly Finding[]): Span[] {
  const unknown = new Set(
    findings.filter(({ isUnknown }) => isUnknown === true).map(({ path }) => pathText(path)),
  );
  return yaml.values.flatMap(({ path, span }) => {
    const isHidden =
      path.some(isSensitiveName) || unknown.has(pathText(path)) || isSecret(schema, path, merged);
    return isHidden ? [span] : [];
  });
}

function isPrefix(prefix: KeyPath, path: KeyPath): boolean {
  return prefix.length <= path.length && prefix.every((step, index) => step === path[index]);
}
