import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { type KeyPath, pathText } from "./key-path.ts";

/** A stretch of the text, by offsets: `from` counts, `to` no longer. */
export interface Span {
  from: number;
  to: number;
}

/** Where a value stands, and its key where it has one. */
export interface Spans {
  path: KeyPath;
  key?: Span;
  value: Span;
}

export interface YamlProblem {
  span: Span;
  message: string;
  /** The value that is to blame, where the text's structure is clear. */
  path?: KeyPath;
}

/** A YAML text as plain values, and where each of them stands. */
export interface YamlText {
  text: string;
  /** Undefined for an empty text. Mappings have no prototype, so that no key means more than itself. */
  value: unknown;
  /** By `pathText`: the key's span, where there is one, and the value's. */
  spans: ReadonlyMap<string, Spans>;
  /** Every value, those of a key's repetitions too. */
  values: readonly { path: KeyPath; span: Span }[];
  problems: YamlProblem[];
  /** False when the text breaks YAML's grammar, so that its structure is a guess. */
  isWellFormed: boolean;
  /** Line and column of an offset, both from 1. */
  position(offset: number): { line: number; column: number };
}

const DEPTH_MAX = 32;

/** Findings of the parser after which the rest of the file can still be judged. */
const STRUCTURE_STANDS: ReadonlySet<string> = new Set(["TAG_RESOLVE_FAILED"]);

/**
 * Reads a YAML 1.2 text by the core schema: dates stay text, keys stay text. Duplicate keys, several
 * documents, aliases, tags and numbers with a leading zero are problems. Total: never throws.
 */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const spans = new Map<string, Spans>();
  const problems: YamlProblem[] = [];
  const position = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const values: { path: KeyPath; span: Span }[] = [];
  const reading: YamlText = {
    values,
    text,
    value: undefined,
    spans,
    problems,
    isWellFormed: true,
    position,
  };
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      version: "1.2",
      schema: "core",
      strict: true,
      stringKeys: true,
      // The parser's own search for duplicates takes quadratic time; ours follows.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: "error",
    });
    for (const error of [...document.errors, ...document.warnings]) {
      if (!STRUCTURE_STANDS.has(error.code)) reading.isWellFormed = false;
      problems.push({ span: spanOf(error.pos), message: explain(error.code, error.message) });
    }
    reading.value = toPlain(document.contents, [], { spans, values, problems });
  } catch (error) {
    // The parser recurses into nested brackets: some ten thousand of them exhaust its stack.
    if (!(error instanceof RangeError)) throw error;
    reading.isWellFormed = false;
    problems.push({ span: { from: 0, to: 1 }, message: `nested deeper than ${DEPTH_MAX} levels` });
  }
  return reading;
}

interface Collected {
  spans: Map<string, Spans>;
  values: { path: KeyPath; span: Span }[];
  problems: YamlProblem[];
}

function toPlain(node: Node | null, path: KeyPath, into: Collected): unknown {
  if (node === null) return undefined;
  const span = spanOf(node.range ?? [0, 1]);
  note(into, path, { value: span });
  into.values.push({ path, span });
  if (path.length > DEPTH_MAX) {
    into.problems.push({ span, path, message: `nested deeper than ${DEPTH_MAX} levels` });
    return undefined;
  }
  if (isAlias(node)) {
    const message = "aliases (*name) are not read; write the value out where it is needed";
    into.problems.push({ span, path, message });
    return undefined;
  }
  if (isMap(node)) return mappingOf(node.items, path, into);
  if (isSeq(node))
    return node.items.map((item, index) => toPlain(asNode(item), [...path, index], into));
  return isScalar(node) ? scalarOf(node.value, node.source, { span, path }, into) : undefined;
}

function mappingOf(
  pairs: readonly { key: unknown; value: unknown }[],
  path: KeyPath,
  into: Collected,
): Record<string, unknown> {
  const mapping = Object.create(null) as Record<string, unknown>;
  for (const pair of pairs) {
    // A key that is no text has been reported by the parser, for its keys are text by option.
    if (!isScalar(pair.key) || typeof pair.key.value !== "string") continue;
    const key = pair.key.value;
    const below = [...path, key];
    const keySpan = spanOf(pair.key.range ?? [0, 1]);
    if (key in mapping) {
      const message = "this key is here a second time; keep one of them";
      into.problems.push({ span: keySpan, path: below, message });
    }
    note(into, below, { value: keySpan });
    mapping[key] = toPlain(asNode(pair.value), below, into) ?? null;
    note(into, below, { key: keySpan });
  }
  return mapping;
}

function scalarOf(
  value: unknown,
  source: string | undefined,
  place: { span: Span; path: KeyPath },
  into: Collected,
): unknown {
  if (typeof value === "number" && source !== undefined && /^[-+]?0\d/.test(source)) {
    const message =
      `expected a number without a leading zero, got ${source.slice(0, 20)}: some YAML readers take ` +
      "it as octal. Leave the zero out, or put text in quotes";
    into.problems.push({ ...place, message });
  }
  return value;
}

function note(into: Collected, path: KeyPath, spans: { key?: Span; value?: Span }): void {
  const name = pathText(path);
  const value = spans.value ?? into.spans.get(name)?.value ?? { from: 0, to: 1 };
  const key = spans.key ?? into.spans.get(name)?.key;
  into.spans.set(name, key ? { path, key, value } : { path, value });
}

function asNode(value: unknown): Node | null {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value) ? value : null;
}

function spanOf(range: readonly number[]): Span {
  const from = range[0] ?? 0;
  return { from, to: Math.max(from + 1, range[1] ?? from + 1) };
}

/** The parser's finding in a sentence of ours; where we have none, its own first line. */
function explain(code: string, message: string): string {
  switch (code) {
    case "TAB_AS_INDENT":
      return "tabs cannot indent YAML; use spaces";
    case "MULTIPLE_DOCS":
      return "a second document begins here (---); the file holds one";
    case "TAG_RESOLVE_FAILED":
      return "tags (!name) are not read; write the plain value";
    case "NON_STRING_KEY":
      return "a key must be text";
    case "RESOURCE_EXHAUSTION":
      return `nested deeper than ${DEPTH_MAX} levels`;
    case "BAD_INDENT":
      return message.startsWith("Flow")
        ? "a { or [ before this place is not closed"
        : "the indentation fits no level above it";
    default:
      return `not valid YAML: ${(message.split("\n")[0] ?? "").slice(0, 160)}`;
  }
}
