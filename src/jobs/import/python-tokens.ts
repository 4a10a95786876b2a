/** A token of a Python source, as far as literals and calls need it. */
export interface PythonToken {
  kind: "name" | "number" | "text" | "sign" | "line-end";
  /** As written; of a text without its quotes. */
  text: string;
  /** What a text says. */
  value?: string;
  /** Whether it is an f-string, whose value only Python knows, or bytes. */
  isFormatted?: boolean;
  line: number;
  /** From 0. */
  column: number;
  /** How many brackets are open around it. */
  depth: number;
}

const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /\d[\w.]*/y;
const PREFIX = /([rRbBuUfFtT]{0,3})('''|"""|'|")/y;
const SIGN = /\*\*|==|!=|<=|>=|->|:=|\/\/|\+=|-=|[^\s\w]/uy;

/**
 * Splits a Python source (Lexical analysis, The Python Language Reference 2) into tokens. A text that is
 * not closed ends with the source. Total: never throws, and takes time in proportion to the source.
 */
export function tokensOf(source: string): PythonToken[] {
  const tokens: PythonToken[] = [];
  let [at, line, lineStart, depth] = [0, 1, 0, 0];
  while (at < source.length) {
    const sign = source[at] ?? "";
    const place = { line, column: at - lineStart, depth };
    if (sign === "\n") {
      if (depth === 0) tokens.push({ kind: "line-end", text: "\n", ...place });
      at += 1;
      line += 1;
      lineStart = at;
    } else if (sign === "\\" && source[at + 1] === "\n") {
      at += 2;
      line += 1;
      lineStart = at;
    } else if (/\s/.test(sign)) {
      at += 1;
    } else if (sign === "#") {
      const end = source.indexOf("\n", at);
      at = end < 0 ? source.length : end;
    } else {
      const text = textAt(source, at);
      const found = text ?? wordAt(source, at);
      tokens.push({ ...found.token, ...place });
      if ("([{".includes(found.token.text) && found.token.kind === "sign") depth += 1;
      if (")]}".includes(found.token.text) && found.token.kind === "sign") {
        depth = Math.max(0, depth - 1);
      }
      const passed = source.slice(at, found.end);
      const lines = passed.split("\n").length - 1;
      if (lines > 0) lineStart = at + passed.lastIndexOf("\n") + 1;
      line += lines;
      at = found.end;
    }
  }
  return tokens;
}

interface Found {
  token: Pick<PythonToken, "kind" | "text" | "value" | "isFormatted">;
  end: number;
}

function textAt(source: string, at: number): Found | undefined {
  PREFIX.lastIndex = at;
  const match = PREFIX.exec(source);
  if (!match) return undefined;
  const [whole, prefix = "", quote = ""] = match;
  const isRaw = /r/i.test(prefix);
  let end = at + whole.length;
  while (end < source.length && !source.startsWith(quote, end)) {
    if (quote.length === 1 && source[end] === "\n") break;
    end += source[end] === "\\" ? 2 : 1;
  }
  const text = source.slice(at + whole.length, end);
  const isFormatted = /[fbt]/i.test(prefix);
  const value = isRaw ? text : text.replaceAll(/\\([\s\S])/g, (_all, one: string) => escaped(one));
  const token = { kind: "text", text, value, isFormatted } as const;
  return { token, end: Math.min(end + quote.length, source.length) };
}

function escaped(sign: string): string {
  if (sign === "n") return "\n";
  if (sign === "t") return "\t";
  if (sign === "\n") return "";
  return "\\'\"".includes(sign) ? sign : `\\${sign}`;
}

function wordAt(source: string, at: number): Found {
  for (const [kind, pattern] of [
    ["name", NAME],
    ["number", NUMBER],
    ["sign", SIGN],
  ] as const) {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text !== undefined) return { token: { kind, text }, end: at + text.length };
  }
  return { token: { kind: "sign", text: source[at] ?? "" }, end: at + 1 };
}
