import path from "node:path";

/** Who may import whom: a folder may use its own row's other folders and every row below. */
const LAYERS: readonly (readonly string[])[] = [
  ["cli", "dashboard"],
  ["install", "watchdog", "jobs", "pipeline"],
  ["models", "training", "warehouse", "notify", "host", "guard", "ledger"],
  ["workers"],
  ["config"],
  ["system"],
];

/** Folders that everything may use and that have no effects. */
const PURE: readonly string[] = ["schedule", "audit", "evaluation"];

/** Neighbours in a row that must not know each other. */
const STRANGERS: readonly (readonly [string, string])[] = [["warehouse", "training"]];

/** Modules that a pure file may import from outside `src/`. */
const PURE_MODULES: ReadonlySet<string> = new Set(["zod"]);

const EFFECTS =
  /\bprocess\.|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.now\b|\bset(?:Timeout|Interval|Immediate)\(|\bfetch\(|\bconsole\.|\brequire\(/;
const TIME_AND_CHANCE = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.now\b/;

export const KNOWN_FOLDERS: ReadonlySet<string> = new Set([...LAYERS.flat(), ...PURE]);

/** Source texts by path from the root, `src/audit/checks.ts`. */
export type SourceTexts = ReadonlyMap<string, string>;

/** Every import or effect that breaks the table, a sentence each. */
export function offences(files: SourceTexts): string[] {
  return [...files].flatMap(([file, text]) => {
    const code = withoutComments(text);
    const found = importsOf(file, code).flatMap((one) => importOffence(file, one));
    if (!isIn(file, "system") && TIME_AND_CHANCE.test(code)) {
      found.push(`${file} asks for time or chance itself; both come in through src/system/`);
    }
    if (PURE.includes(folderOf(file))) found.push(...impurities(file, files));
    return found;
  });
}

interface Import {
  /** As written, `node:fs`, or the path from the root, `src/config/schema.ts`. */
  target: string;
  isType: boolean;
}

function importsOf(file: string, code: string): Import[] {
  const statements =
    /^\s*(?:import|export)\s+(type\s)?[^;"']*?\bfrom\s*"([^"]+)"|^\s*import\s*()"([^"]+)"|\bimport\(\s*()"([^"]+)"/gm;
  return [...code.matchAll(statements)].map((match) => {
    const target = match[2] ?? match[4] ?? match[6] ?? "";
    const resolved = target.startsWith(".")
      ? path.posix.normalize(path.posix.join(path.posix.dirname(file), target))
      : target;
    return { target: resolved, isType: Boolean(match[1]) };
  });
}

function importOffence(file: string, { target, isType }: Import): string[] {
  if (!target.startsWith("src/")) return [];
  const [from, to] = [folderOf(file), folderOf(target)];
  const says = (reason: string): string[] => [`${file} imports ${target}: ${reason}`];
  if (from === to) return from === "host" ? hostOffence(file, target) : [];
  if (to === "cli") return says("nothing imports the command line");
  if (PURE.includes(to)) return [];
  // A pure folder may use config's types and such of its files as are pure: see impurities.
  if (PURE.includes(from)) return to === "config" || isType ? [] : says(`${from} is pure`);
  if (STRANGERS.some((pair) => pair.includes(from) && pair.includes(to))) {
    return says(`${from} and ${to} do not know each other`);
  }
  return rowOf(from) > rowOf(to) ? says(`${to} stands above ${from}`) : [];
}

/** Hosts share what lies in `src/host/` itself and know nothing of each other. */
function hostOffence(file: string, target: string): string[] {
  const [, , from, ...fromRest] = file.split("/");
  const [, , to, ...toRest] = target.split("/");
  if (fromRest.length === 0 || toRest.length === 0 || from === to) return [];
  return [`${file} imports ${target}: one host does not know another`];
}

/** What is impure in a file or in anything that it imports, except for types. */
function impurities(file: string, files: SourceTexts): string[] {
  const seen = new Set<string>();
  const visit = (current: string): string[] => {
    if (seen.has(current)) return [];
    seen.add(current);
    const code = withoutComments(files.get(current) ?? "");
    const via = current === file ? "" : ` by way of ${current}`;
    const found = EFFECTS.test(code) ? [`${file} is in a pure folder and has effects${via}`] : [];
    for (const { target, isType } of importsOf(current, code)) {
      if (isType) continue;
      if (target.startsWith("src/")) found.push(...visit(target));
      else if (!PURE_MODULES.has(target)) {
        found.push(`${file} is in a pure folder and imports ${target}${via}`);
      }
    }
    return found;
  };
  return visit(file);
}

function rowOf(folder: string): number {
  return LAYERS.findIndex((row) => row.includes(folder));
}

function folderOf(file: string): string {
  return file.split("/")[1] ?? "";
}

function isIn(file: string, folder: string): boolean {
  return folderOf(file) === folder;
}

/** Text in quotes stays; a `//` inside of it does not occur in imports or calls that matter here. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "$1");
}
