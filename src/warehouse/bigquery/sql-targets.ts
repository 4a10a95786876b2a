/** A table or view that a statement of a script would make, change or drop. */
export interface SqlTarget {
  /** The parts of its name, such as project, dataset and table. */
  parts: string[];
  /** Of the statement's first word, counted from 1. */
  line: number;
}

/**
 * What a script in BigQuery's SQL would change, as far as its text says so: names that are put together
 * while it runs (EXECUTE IMMEDIATE) and what procedures do are not seen. Comments, texts and quoted names
 * are told apart by BigQuery's lexical rules
 * (https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical).
 */
export function sqlTargets(sql: string): SqlTarget[] {
  const tokens = [...tokensOf(sql)];
  return tokens.flatMap(({ text, isQuoted, line }, place) => {
    if (isQuoted || !CHANGES.has(text.toUpperCase())) return [];
    if (!isStart(tokens[place - 1])) return [];
    const parts = nameAfter(tokens, place + 1);
    return parts.length === 0 ? [] : [{ parts, line }];
  });
}

const CHANGES: ReadonlySet<string> = new Set(
  "INSERT MERGE UPDATE DELETE TRUNCATE CREATE DROP ALTER LOAD UNDROP".split(" "),
);
/** A statement begins after these, or at the start. */
const BEFORE: ReadonlySet<string> = new Set("; BEGIN THEN ELSE DO LOOP REPEAT".split(" "));
/** Words between what is done and the name. */
const BETWEEN: ReadonlySet<string> = new Set(
  (
    "INTO FROM TABLE VIEW OR REPLACE IF NOT EXISTS SNAPSHOT EXTERNAL MATERIALIZED TEMP TEMPORARY DATA " +
    "OVERWRITE SCHEMA TABLES FUNCTION PROCEDURE AGGREGATE MODEL SEARCH VECTOR INDEX ROW ACCESS POLICY"
  ).split(" "),
);

interface Token {
  text: string;
  isQuoted: boolean;
  line: number;
}

function isStart(before: Token | undefined): boolean {
  return before === undefined || (!before.isQuoted && BEFORE.has(before.text.toUpperCase()));
}

function nameAfter(tokens: readonly Token[], start: number): string[] {
  let place = start;
  const isBetween = ({ text, isQuoted }: Token): boolean =>
    !isQuoted && BETWEEN.has(text.toUpperCase());
  for (let token = tokens[place]; token && isBetween(token); token = tokens[++place]);
  const parts: string[] = [];
  for (let token = tokens[place]; token; token = tokens[place]) {
    if (!token.isQuoted && !/^[\w-]+$/.test(token.text)) break;
    parts.push(...token.text.split("."));
    if (tokens[place + 1]?.text !== ".") break;
    place += 2;
  }
  return parts;
}

// In order of precedence. What is not closed runs to the end; BigQuery then says so.
const TOKEN = new RegExp(
  [
    String.raw`(?<comment>--[^\n]*|#[^\n]*|/\*[\s\S]*?(?:\*/|$))`,
    String.raw`(?<string>(?:\b(?:[rR][bB]?|[bB][rR]?))?(?:'''(?:\\[\s\S]|[^\\])*?(?:'''|$)|"""(?:\\[\s\S]|[^\\])*?(?:"""|$)|'(?:\\[\s\S]|[^\\'])*(?:'|$)|"(?:\\[\s\S]|[^\\"])*(?:"|$)))`,
    String.raw`\x60(?<quoted>(?:\\[\s\S]|[^\\\x60])*)\x60?`,
    String.raw`(?<word>[A-Za-z_][\w]*(?:-[A-Za-z0-9_]+)*)`,
    String.raw`(?<sign>\S)`,
  ].join("|"),
  "g",
);

function* tokensOf(sql: string): Generator<Token> {
  let line = 1;
  let counted = 0;
  for (const found of sql.matchAll(TOKEN)) {
    line += sql.slice(counted, found.index).split("\n").length - 1;
    counted = found.index;
    const { quoted, word, sign } = found.groups ?? {};
    const text = quoted ?? word ?? sign;
    if (text !== undefined) yield { text, isQuoted: quoted !== undefined, line };
  }
}
