/** One statement of an SQL file, with the place of its first word. */
export interface Statement {
  /** Without the closing semicolon and the comments before it. */
  text: string;
  /** Counted from 1. */
  line: number;
}

/**
 * Splits SQL text into statements and puts `asOf` as a DATE literal where the text says `$as_of`.
 * A literal and not a bound parameter, because DuckDB binds none in CREATE VIEW and CREATE MACRO
 * ("Unexpected prepared parameter. This type of statement can't be prepared!"). Strings, quoted
 * names, dollar quotes and comments are left alone, as PostgreSQL's lexical rules have them
 * (https://www.postgresql.org/docs/current/sql-syntax-lexical.html).
 */
export function splitStatements(sql: string, asOf: string): Statement[] {
  const statements: Statement[] = [];
  let text = "";
  let line = 1;
  let startLine = 1;
  const finish = (): void => {
    if (text.trim() !== "") statements.push({ text: text.trim(), line: startLine });
    text = "";
  };
  for (const token of tokens(sql)) {
    const isBlank = token.kind === "comment" || token.text.trim() === "";
    if (token.kind === "end") finish();
    else if (text !== "" || !isBlank) {
      if (text === "") startLine = line;
      text += token.kind === "asOf" ? `DATE '${asOf}'` : token.text;
    }
    line += token.text.split("\n").length - 1;
  }
  finish();
  return statements;
}

interface Token {
  kind: "comment" | "end" | "asOf" | "other";
  text: string;
}

// In order of precedence. An unclosed quote or comment runs to the end; DuckDB then says so.
const TOKEN = new RegExp(
  [
    String.raw`(?<lineComment>--[^\n]*)`,
    String.raw`(?<blockComment>/\*)`,
    String.raw`(?<quoted>\b[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$))`,
    String.raw`(?<asOf>\$as_of\b)(?!\$)`,
    String.raw`(?<dollar>\$(?:[A-Za-z_]\w*)?\$)`,
    String.raw`(?<end>;)`,
    String.raw`(?<space>\s+)`,
    String.raw`(?<word>\w+)`,
  ].join("|"),
  "y",
);

function* tokens(sql: string): Generator<Token> {
  let position = 0;
  while (position < sql.length) {
    TOKEN.lastIndex = position;
    const groups = TOKEN.exec(sql)?.groups ?? {};
    const length = tokenLength(sql, position, groups);
    const text = sql.slice(position, position + length);
    yield { kind: kindOf(groups), text };
    position += length;
  }
}

function kindOf(groups: Record<string, string | undefined>): Token["kind"] {
  if (groups["lineComment"] !== undefined || groups["blockComment"] !== undefined) return "comment";
  if (groups["end"] !== undefined) return "end";
  return groups["asOf"] === undefined ? "other" : "asOf";
}

function tokenLength(
  sql: string,
  position: number,
  groups: Record<string, string | undefined>,
): number {
  if (groups["blockComment"] !== undefined) return blockCommentLength(sql, position);
  const dollar = groups["dollar"];
  if (dollar !== undefined) {
    const close = sql.indexOf(dollar, position + dollar.length);
    return (close < 0 ? sql.length : close + dollar.length) - position;
  }
  return Object.values(groups).find((text) => text !== undefined)?.length ?? 1;
}

/** Block comments nest. */
function blockCommentLength(sql: string, position: number): number {
  let depth = 0;
  let index = position;
  while (index < sql.length) {
    if (sql.startsWith("/*", index)) depth++;
    else if (sql.startsWith("*/", index)) depth--;
    else {
      index++;
      continue;
    }
    index += 2;
    if (depth === 0) break;
  }
  return index - position;
}
