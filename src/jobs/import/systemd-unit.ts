/** One assignment of a unit file. */
export interface Assignment {
  section: string;
  key: string;
  value: string;
  /** The file that it stands in, and where. */
  file: string;
  line: number;
}

/** The assignments of a unit and its drop-ins, in the order in which systemd reads them. */
export class Unit {
  readonly assignments: readonly Assignment[];

  constructor(files: readonly { name: string; text: string }[]) {
    this.assignments = files.flatMap(({ name, text }) => assignmentsOf(name, text));
  }

  /** All values of a key that may be given often; an empty one forgets those before it. */
  all(section: string, key: string): Assignment[] {
    let found: Assignment[] = [];
    for (const one of this.assignments) {
      if (one.section !== section || one.key !== key) continue;
      found = one.value === "" ? [] : [...found, one];
    }
    return found;
  }

  /** The last value of a key. */
  last(section: string, key: string): Assignment | undefined {
    return this.all(section, key).at(-1);
  }
}

/** More lines are no work of a person. */
const JOINED_MAX = 200;

/** systemd.syntax(7): sections, `key=value`, comments by # and ;, a backslash at the end joins lines. */
function assignmentsOf(file: string, text: string): Assignment[] {
  const found: Assignment[] = [];
  const lines = text.split(/\r?\n/);
  let section = "";
  for (let index = 0; index < lines.length; index++) {
    const number = index + 1;
    let line = (lines[index] ?? "").trim();
    if (line === "" || /^[#;]/.test(line)) continue;
    for (let joined = 0; line.endsWith("\\") && joined < JOINED_MAX; joined++) {
      if (index + 1 >= lines.length) break;
      index += 1;
      const next = (lines[index] ?? "").trim();
      // A comment in the midst of a joined line is passed over.
      if (!/^[#;]/.test(next)) line = `${line.slice(0, -1).trimEnd()} ${next}`;
    }
    const heading = /^\[([^\]]+)\]$/.exec(line);
    if (heading) {
      section = heading[1] ?? "";
      continue;
    }
    const at = line.indexOf("=");
    if (at <= 0) continue;
    const [key, value] = [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    found.push({ section, key, value, file, line: number });
  }
  return found;
}

/** The words of a command line or of Environment=, and what of it is more than words. */
export function unitWords(text: string): { words: string[]; beyond: string | undefined } {
  const words: string[] = [];
  let beyond: string | undefined;
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const sign = text[at] ?? "";
    if (sign === "\\" && at + 1 < text.length) {
      at += 1;
      word = (word ?? "") + unescaped(text[at] ?? "");
    } else if (quote !== "") {
      if (sign === quote) quote = "";
      else word = (word ?? "") + sign;
    } else if (sign === '"' || sign === "'") {
      quote = sign;
      word ??= "";
    } else if (/\s/.test(sign)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + sign;
    }
  }
  if (quote !== "") beyond = "a quote that is not closed";
  if (word !== undefined) words.push(word);
  if (words.includes(";")) beyond = "several commands in one line (;)";
  if (words.some((one) => /\$(?!\$)/.test(one.replaceAll("$$", "")))) {
    beyond = "a variable ($), which systemd fills in";
  }
  if (words.some((one) => /%(?!%)/.test(one.replaceAll("%%", "")))) {
    beyond = "a specifier (%), which systemd fills in";
  }
  return { words: words.map((one) => one.replaceAll("$$", "$").replaceAll("%%", "%")), beyond };
}

function unescaped(sign: string): string {
  if (sign === "n") return "\n";
  if (sign === "t") return "\t";
  if (sign === "s") return " ";
  return sign;
}
