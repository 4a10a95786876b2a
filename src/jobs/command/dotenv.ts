import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { readPrivateText } from "../../system/private-file.ts";

/**
 * The variables of a file of `NAME=value` lines. Throws `CBI_ENV_FILE_MISSING`, `CBI_ENV_FILE_INVALID`
 * with the line, or `CBI_SECRETS_EXPOSED` when others may read it; the group may. No message holds a value.
 */
export async function readEnvFile(file: string): Promise<Record<string, string>> {
  const text = await readPrivateText(file, "group");
  if (text === undefined) {
    throw failure(
      "CBI_ENV_FILE_MISSING",
      `there is no file ${file}, which the job's env_file names`,
    );
  }
  const parsed = parseEnvText(text);
  if ("problem" in parsed) throw failure("CBI_ENV_FILE_INVALID", `${file}: ${parsed.problem}`);
  return parsed.variables;
}

const LINE = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*/;
const BLANK = /^[ \t]*(?:#.*)?$/;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/**
 * Parses `NAME=value` lines strictly: a value is bare (until ` #` or the end of the line), in single quotes
 * (as it stands) or in double quotes (with \n \r \t \" \\ \$, and over several lines). Nothing is
 * substituted. A line that is none of this, or a name given twice, is a problem: half of a file of
 * secrets is worse than none.
 */
export function parseEnvText(
  text: string,
): { variables: Record<string, string> } | { problem: string } {
  const source = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  if (source.includes("\0")) return { problem: "expected text, got a zero byte" };
  const variables = new Map<string, string>();
  for (let at = 0; at < source.length;) {
    const problem = (says: string) => ({
      problem: `line ${source.slice(0, at).split("\n").length}: ${says}`,
    });
    const lineEnd = endOfLine(source, at);
    if (BLANK.test(source.slice(at, lineEnd))) {
      at = lineEnd + 1;
      continue;
    }
    const name = LINE.exec(source.slice(at, lineEnd));
    if (!name?.[1]) return problem("expected NAME=value");
    const value = readValue(source, at + name[0].length);
    if ("problem" in value) return problem(`${name[1]}: ${value.problem}`);
    if (variables.has(name[1])) return problem(`${name[1]} is given twice`);
    variables.set(name[1], value.value);
    at = value.next;
  }
  return { variables: Object.fromEntries(variables) };
}

type Value = { value: string; next: number } | { problem: string };

function readValue(source: string, from: number): Value {
  const quote = source[from];
  if (quote !== "'" && quote !== '"') {
    const lineEnd = endOfLine(source, from);
    const bare = source.slice(from, lineEnd).replace(/(^|[ \t]+)#.*$/, "");
    return { value: bare.trim(), next: lineEnd + 1 };
  }
  const close = closingQuote(source, from, quote);
  if (close === undefined) return { problem: `the quote ${quote} is not closed` };
  const lineEnd = endOfLine(source, close);
  if (!BLANK.test(source.slice(close + 1, lineEnd))) {
    return { problem: "expected nothing after the closing quote" };
  }
  const inner = source.slice(from + 1, close);
  const value =
    quote === "'"
      ? inner
      : inner.replaceAll(/\\([nrt"\\$])/g, (_, letter: string) => ESCAPES[letter] ?? letter);
  return { value, next: lineEnd + 1 };
}

/** A single quote closes on its line; a double one may do so lines later, and can be escaped. */
function closingQuote(source: string, from: number, quote: "'" | '"'): number | undefined {
  const end = quote === "'" ? endOfLine(source, from) : source.length;
  for (let at = from + 1; at < end; at++) {
    if (quote === '"' && source[at] === "\\") at += 1;
    else if (source[at] === quote) return at;
  }
  return undefined;
}

function endOfLine(source: string, from: number): number {
  const feed = source.indexOf("\n", from);
  return feed === -1 ? source.length : feed;
}

function failure(code: string, message: string): Failure {
  return new Failure({
    code,
    message,
    remedy: "Write it as lines of NAME=value, and close it to others: chmod 600",
    exit: ExitCode.configInvalid,
  });
}
