/** A word of a shell's line, or a sign that the shell acts on. */
type Token =
  | { kind: "word"; text: string; expansion: string | undefined }
  | { kind: "operator"; text: string };

/** A shell's line, read without a shell. */
export interface ShellLine {
  /** The words of the one program, in order. Empty where there is none to see. */
  argv: readonly string[];
  /** `NAME=value` before it. */
  environment: Readonly<Record<string, string>>;
  /** Of `cd DIR &&` before it. */
  folder: string | undefined;
  /**
   * What of the line only a shell can do, or what was left out of `argv` on the way; undefined for a plain
   * command, whose `argv` says all that the line said.
   */
  beyond: string | undefined;
}

const OPERATORS = ["&&", "||", ">>", "2>&1", "&>>", "&>", "1>", "2>>", "2>", "<<", ">&"] as const;
const BUILTINS = new Set(
  ". [[ alias bg break case cd continue declare do done elif else esac eval exec exit export fg fi for function hash if jobs let local read readonly return select set shift source then times trap typeset ulimit umask unset until wait while { }".split(
    " ",
  ),
);

/**
 * Reads a line as POSIX sh would split it (Shell Command Language, 2.2 and 2.3), and tells whether it is one
 * plain command. Expands nothing and runs nothing. `cd DIR && program` and redirected output are seen
 * through, so that what is left to do by hand is small, but they count as beyond a plain command.
 */
export function readShellLine(line: string): ShellLine {
  const tokens = tokensOf(line);
  if (typeof tokens === "string") return unread(tokens);
  const reasons: string[] = [];
  let rest = tokens;
  let folder: string | undefined;
  const [first, second, third] = rest;
  if (isWord(first, "cd") && second?.kind === "word" && isOperator(third, "&&")) {
    if (second.expansion !== undefined) reasons.push(second.expansion);
    folder = second.text;
    rest = rest.slice(3);
    reasons.push("cd … && before the program");
  }
  const cut = withoutRedirects(rest);
  if (cut.length < rest.length) reasons.push("redirected output");
  const words: { text: string; expansion: string | undefined }[] = [];
  for (const token of cut) {
    if (token.kind === "operator") return unread(`${nameOf(token.text)} (${token.text})`);
    if (token.expansion !== undefined) reasons.push(token.expansion);
    words.push(token);
  }
  const environment: Record<string, string> = {};
  let start = 0;
  for (const { text } of words) {
    const match = /^([A-Za-z_]\w*)=(.*)$/s.exec(text);
    if (!match) break;
    environment[match[1] ?? ""] = match[2] ?? "";
    start += 1;
  }
  const argv = words.slice(start).map(({ text }) => text);
  const [program] = argv;
  if (program === undefined) return unread("no program");
  if (BUILTINS.has(program)) return unread(`${program}, a word of the shell's own`);
  const beyond = reasons.length === 0 ? undefined : [...new Set(reasons)].join(", ");
  return { argv, environment, folder, beyond };
}

/** Whether a program's words are a shell's line in disguise: `bash -lc '…'`. */
export function isShellsLine(argv: readonly string[]): boolean {
  const [program = "", ...words] = argv;
  const isShell = /(?:^|\/)(?:ba|z|k|da|c|tc|fi)?sh$/.test(program);
  return isShell && words.some((word) => /^-[a-z]*c$/.test(word));
}

function unread(beyond: string): ShellLine {
  return { argv: [], environment: {}, folder: undefined, beyond };
}

function isWord(token: Token | undefined, text: string): boolean {
  return token?.kind === "word" && token.text === text;
}

function isOperator(token: Token | undefined, text: string): boolean {
  return token?.kind === "operator" && token.text === text;
}

/** The line without output that goes to files at its end; what else is redirected stays to be refused. */
function withoutRedirects(tokens: readonly Token[]): Token[] {
  const kept = [...tokens];
  for (;;) {
    const last = kept.at(-1);
    if (isOperator(last, "2>&1")) {
      kept.pop();
      continue;
    }
    const sign = kept.at(-2);
    const isOutput =
      sign?.kind === "operator" && [">", ">>", "1>", "2>", "2>>", "&>", "&>>"].includes(sign.text);
    if (last?.kind !== "word" || !isOutput) return kept;
    kept.splice(-2);
  }
}

function nameOf(operator: string): string {
  if (operator === "|") return "a pipe";
  if (operator === "&&" || operator === "||" || operator === ";") return "several commands";
  if (operator === "&") return "a command in the background";
  if (operator === "(" || operator === ")") return "a subshell";
  return "a redirect";
}

/** The tokens of a line, or why it has none. */
function tokensOf(line: string): Token[] | string {
  const tokens: Token[] = [];
  let at = 0;
  while (at < line.length) {
    const rest = line.slice(at, at + 4);
    if (/^[ \t]/.test(rest)) {
      at += 1;
      continue;
    }
    if (rest.startsWith("#")) break;
    const operator = operatorAt(line, at);
    if (operator !== undefined) {
      tokens.push({ kind: "operator", text: operator });
      at += operator.length;
      continue;
    }
    const word = wordAt(line, at);
    if (typeof word === "string") return word;
    tokens.push({ kind: "word", text: word.text, expansion: word.expansion });
    at = word.end;
  }
  return tokens;
}

function operatorAt(line: string, at: number): string | undefined {
  const known = OPERATORS.find((operator) => line.startsWith(operator, at));
  if (known !== undefined) return known;
  const [sign = ""] = line.slice(at, at + 1);
  return "|&;<>()".includes(sign) ? sign : undefined;
}

interface Word {
  text: string;
  expansion: string | undefined;
  end: number;
}

/** Signs after which the shell would put something else in the word's place. */
const EXPANSIONS: Readonly<Record<string, string>> = {
  $: "a variable or substitution ($)",
  "`": "a substitution (`)",
  "*": "a pattern of file names (*)",
  "?": "a pattern of file names (?)",
  "[": "a pattern of file names ([)",
};

function wordAt(line: string, start: number): Word | string {
  let text = "";
  let expansion: string | undefined;
  let at = start;
  if (line[at] === "~") expansion = "the home folder (~)";
  while (at < line.length) {
    const sign = line[at] ?? "";
    if (/[ \t|&;<>()]/.test(sign)) break;
    if (sign === "'") {
      const end = line.indexOf("'", at + 1);
      if (end < 0) return "a quote that is not closed";
      text += line.slice(at + 1, end);
      at = end + 1;
    } else if (sign === '"') {
      const quoted = quotedAt(line, at);
      if (quoted === undefined) return "a quote that is not closed";
      text += quoted.text;
      expansion ??= quoted.expansion;
      at = quoted.end;
    } else if (sign === "\\") {
      if (at + 1 >= line.length) return "a line that goes on (\\), which cron does not know";
      text += line[at + 1];
      at += 2;
    } else {
      expansion ??= EXPANSIONS[sign];
      if (sign === "{" && isBraces(line, at)) expansion ??= "braces ({a,b})";
      text += sign;
      at += 1;
    }
  }
  return { text, expansion, end: at };
}

/** `{a,b}` and `{1..3}`, which bash would expand. */
function isBraces(line: string, at: number): boolean {
  const end = line.indexOf("}", at);
  const inside = end < 0 ? "" : line.slice(at + 1, end);
  return /,|\.\./.test(inside) && !/[\s{]/.test(inside);
}

/** Between double quotes a backslash protects `$`, `` ` ``, `"` and itself alone. */
function quotedAt(line: string, start: number): Word | undefined {
  let text = "";
  let expansion: string | undefined;
  for (let at = start + 1; at < line.length; at++) {
    const sign = line[at] ?? "";
    if (sign === '"') return { text, expansion, end: at + 1 };
    if (sign === "\\" && '$`"\\'.includes(line[at + 1] ?? " ")) {
      at += 1;
      text += line[at] ?? "";
      continue;
    }
    if (sign === "$" || sign === "`") expansion ??= EXPANSIONS[sign];
    text += sign;
  }
  return undefined;
}
