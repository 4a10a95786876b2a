const LENGTH_MAX = 32;

/** Programs that only start another: the name is that of what they start. */
const STARTERS =
  /^(?:env|nice|ionice|nohup|time|timeout|flock|setsid|sudo|uv|run|poetry|exec|caffeinate|(?:ba|z|da|k)?sh|python[\d.]*|pypy[\d.]*|perl|ruby|node|deno|bun|php|java|rscript)$/i;

/**
 * A job's name of the words that say what it is: that of the program without its folder and ending, in
 * lower case; the next plain word too where that is a task, as in `production_cron.sh daily_etl`. A name
 * that is taken gets a number.
 */
export function jobNameFor(words: readonly string[], taken: ReadonlySet<string>): string {
  const at = words.findIndex(
    (word, index) => !(index < words.length - 1 && isStarter(word)) && isName(word),
  );
  const task = words[at + 1] ?? "";
  const parts = [stem(words[at] ?? "job"), /^[A-Za-z][\w-]*$/.test(task) ? task : ""];
  const base = slug(parts.filter((part) => part !== "").join("-"));
  for (let number = 1; ; number++) {
    const end = number === 1 ? "" : `-${number}`;
    const name = `${base.slice(0, LENGTH_MAX - end.length).replace(/-+$/, "")}${end}`;
    if (!taken.has(name)) return name;
  }
}

function isStarter(word: string): boolean {
  return STARTERS.test(stem(word)) || STARTERS.test(word.slice(word.lastIndexOf("/") + 1));
}

/** Neither an option nor a number nor a bare sign. */
function isName(word: string): boolean {
  return /^[^-]/.test(word) && /[A-Za-z]/.test(word) && !/^\d+\w?$/.test(word);
}

function stem(word: string): string {
  const base = word.slice(word.replace(/\/+$/, "").lastIndexOf("/") + 1);
  return base.replace(/\.\w{1,8}$/, "");
}

function slug(text: string): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  if (plain === "") return "job";
  return /^[a-z]/.test(plain) ? plain : `job-${plain}`;
}
