import { tokensOf, type PythonToken } from "./python-tokens.ts";

/** What an expression is, as far as it can be known without running it. */
export type PythonValue =
  | { kind: "text"; text: string }
  | { kind: "number"; number: number }
  | { kind: "constant"; constant: true | false | null }
  | { kind: "list"; items: readonly PythonValue[] }
  | { kind: "name"; name: string }
  | PythonCall
  /** Something that only Python can tell: a sum, a lambda, an f-string. */
  | { kind: "opaque"; text: string };

export interface PythonCall {
  kind: "call";
  /** The dotted name that is called: `scheduler.add_job`. */
  name: string;
  line: number;
  positional: readonly PythonValue[];
  keywords: Readonly<Record<string, PythonValue>>;
  /** Whether `*args` or `**kwargs` hand over more than is seen. */
  hasMore: boolean;
  /** The function that a call decorates. */
  decorates?: string | undefined;
}

const DEPTH_MAX = 40;
const CALLS_MAX = 1000;
const DECORATION_MAX = 200;

/**
 * The calls in a Python source whose last name is one of `wanted`, in order. Reads tokens, never runs
 * anything; names of the module that are assigned one literal, once, are looked up.
 */
export function pythonCalls(source: string, wanted: readonly string[]): PythonCall[] {
  const tokens = tokensOf(source);
  const constants = constantsOf(tokens);
  const calls: PythonCall[] = [];
  let readTo = 0;
  for (const [index, token] of tokens.entries()) {
    if (calls.length >= CALLS_MAX) break;
    if (index < readTo || token.kind !== "name" || !wanted.includes(token.text)) continue;
    if (tokens[index + 1]?.text !== "(" || tokens[index - 1]?.text === "def") continue;
    const start = dottedStart(tokens, index);
    const reader = new Reader(tokens, start, constants);
    const value = reader.expression();
    readTo = reader.at;
    if (value.kind !== "call") continue;
    const isDecorator = tokens[start - 1]?.text === "@";
    const decorates = isDecorator ? functionAfter(tokens, reader.at) : undefined;
    calls.push(decorates === undefined ? value : { ...value, decorates });
  }
  return calls;
}

/** The dotted name that ends here may begin earlier. */
function dottedStart(tokens: readonly PythonToken[], index: number): number {
  let start = index;
  while (tokens[start - 1]?.text === "." && tokens[start - 2]?.kind === "name") start -= 2;
  return start;
}

/** Other decorators may stand between, but not much else. */
function functionAfter(tokens: readonly PythonToken[], from: number): string | undefined {
  const near = tokens.slice(from, from + DECORATION_MAX);
  const def = near.findIndex(({ text }) => text === "def");
  return def < 0 ? undefined : near[def + 1]?.text;
}

/** `NAME = literal` at the left margin, of names that are assigned once. */
function constantsOf(tokens: readonly PythonToken[]): Map<string, PythonValue> {
  const found = new Map<string, PythonValue>();
  const often = new Set<string>();
  for (const [index, token] of tokens.entries()) {
    if (token.depth > 0 || token.kind !== "name") continue;
    if (isChanged(tokens, index)) often.add(token.text);
    if (tokens[index + 1]?.text !== "=") continue;
    const before = tokens[index - 1];
    // A line that goes on after a backslash is one.
    if (before !== undefined && before.kind !== "line-end") continue;
    if (token.column !== 0) {
      often.add(token.text);
      continue;
    }
    if (found.has(token.text)) often.add(token.text);
    found.set(token.text, new Reader(tokens, index + 2, new Map()).expression());
  }
  for (const name of often) found.delete(name);
  return found;
}

/** `NAME += …`, `for NAME in`, `…; NAME = …`: what it stands for depends on the run. */
function isChanged(tokens: readonly PythonToken[], index: number): boolean {
  const [before, after, next] = [tokens[index - 1], tokens[index + 1], tokens[index + 2]];
  const isAugmented =
    after?.text === "+=" ||
    after?.text === "-=" ||
    (next?.text === "=" && "*/%|&^@".includes(after?.text ?? " "));
  const isAssigned = after?.text === "=" && before?.text === ";";
  return isAugmented || isAssigned || before?.text === "for" || before?.text === "as";
}

class Reader {
  at: number;
  readonly #tokens: readonly PythonToken[];
  readonly #constants: ReadonlyMap<string, PythonValue>;
  #depth = 0;

  constructor(
    tokens: readonly PythonToken[],
    at: number,
    constants: ReadonlyMap<string, PythonValue>,
  ) {
    this.#tokens = tokens;
    this.at = at;
    this.#constants = constants;
  }

  /** One expression, up to a comma, a closing bracket or the line's end; opaque where it is more than a literal. */
  expression(): PythonValue {
    const start = this.at;
    this.#depth += 1;
    const value = this.#depth > DEPTH_MAX ? undefined : this.#primary();
    this.#depth -= 1;
    if (value !== undefined && this.#isAtEnd()) return value;
    this.at = start;
    return this.#opaque();
  }

  #primary(): PythonValue | undefined {
    const token = this.#tokens[this.at];
    if (!token) return undefined;
    if (token.kind === "text") return this.#texts();
    if (token.kind === "number") return this.#number(1);
    if (token.text === "-" && this.#tokens[this.at + 1]?.kind === "number") {
      this.at += 1;
      return this.#number(-1);
    }
    if (token.text === "[" || token.text === "(") return this.#list();
    return token.kind === "name" ? this.#named() : undefined;
  }

  /** Texts side by side are one. */
  #texts(): PythonValue | undefined {
    let text = "";
    for (;;) {
      const token = this.#tokens[this.at];
      if (token?.kind !== "text") return { kind: "text", text };
      if (token.isFormatted === true) return undefined;
      text += token.value ?? "";
      this.at += 1;
    }
  }

  #number(sign: number): PythonValue | undefined {
    const text = this.#tokens[this.at]?.text.replaceAll("_", "") ?? "";
    this.at += 1;
    return /^\d+(?:\.\d+)?$/.test(text)
      ? { kind: "number", number: sign * Number(text) }
      : undefined;
  }

  #list(): PythonValue | undefined {
    const close = this.#tokens[this.at]?.text === "[" ? "]" : ")";
    this.at += 1;
    const items: PythonValue[] = [];
    let hasComma = false;
    while (this.#tokens[this.at] && this.#tokens[this.at]?.text !== close) {
      items.push(this.expression());
      if (this.#tokens[this.at]?.text !== ",") break;
      hasComma = true;
      this.at += 1;
    }
    if (this.#tokens[this.at]?.text !== close) return undefined;
    this.at += 1;
    const [only] = items;
    return close === ")" && !hasComma && only ? only : { kind: "list", items };
  }

  #named(): PythonValue | undefined {
    const first = this.#tokens[this.at];
    if (!first) return undefined;
    let name = first.text;
    this.at += 1;
    while (this.#tokens[this.at]?.text === "." && this.#tokens[this.at + 1]?.kind === "name") {
      name += `.${this.#tokens[this.at + 1]?.text}`;
      this.at += 2;
    }
    if (this.#tokens[this.at]?.text === "(") return this.#call(name, first.line);
    if (name === "True" || name === "False") {
      return { kind: "constant", constant: name === "True" };
    }
    if (name === "None") return { kind: "constant", constant: null };
    return this.#constants.get(name) ?? { kind: "name", name };
  }

  #call(name: string, line: number): PythonValue | undefined {
    this.at += 1;
    const positional: PythonValue[] = [];
    const keywords: Record<string, PythonValue> = {};
    let hasMore = false;
    while (this.#tokens[this.at] && this.#tokens[this.at]?.text !== ")") {
      const token = this.#tokens[this.at];
      if (token?.text === "*" || token?.text === "**") {
        hasMore = true;
        this.at += 1;
        this.expression();
      } else if (token?.kind === "name" && this.#tokens[this.at + 1]?.text === "=") {
        this.at += 2;
        keywords[token.text] = this.expression();
      } else {
        positional.push(this.expression());
      }
      if (this.#tokens[this.at]?.text !== ",") break;
      this.at += 1;
    }
    if (this.#tokens[this.at]?.text !== ")") return undefined;
    this.at += 1;
    return { kind: "call", name, line, positional, keywords, hasMore };
  }

  #isAtEnd(): boolean {
    const token = this.#tokens[this.at];
    return !token || token.kind === "line-end" || [",", ")", "]", "}"].includes(token.text);
  }

  /** Passes over what is not understood, brackets and all. */
  #opaque(): PythonValue {
    const words: string[] = [];
    let depth = 0;
    for (; ; this.at++) {
      const token = this.#tokens[this.at];
      if (!token) break;
      if (depth === 0 && this.#isAtEnd()) break;
      if (["(", "[", "{"].includes(token.text)) depth += 1;
      if ([")", "]", "}"].includes(token.text)) depth -= 1;
      words.push(token.text);
    }
    return { kind: "opaque", text: words.join(" ").slice(0, 120) };
  }
}
