/** When the first night of the walkthrough is due: the exchange's midnight of this day, in winter. */
const SHOWN_DUE_MS = Date.UTC(2026, 10, 20, 5);
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Days of the walkthrough, beside which those of the data stay as they are. */
const DAYS_BEFORE = 3;
const DAYS_AFTER = 30;

/** Where the figures of stages begin, from the mark of a stage on. */
const COLUMN = 14;

/** What is another on each machine and in each run. */
export interface WalkFacts {
  /** When the first night was really due. */
  dueMs: number;
  /** The folder of the workers' environment. */
  python: string;
}

/**
 * A transcript that is the same wherever and whenever it was made: its nights are moved to one day, what
 * took time is `n.n s`, minutes and seconds that nobody set are `mm:ss`, and the texts of files are cut.
 */
export function normalised(lines: readonly string[], facts: WalkFacts): string {
  const text = shortened(lines)
    .join("\n")
    .replaceAll(
      /(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z/g,
      (all, day: string, time: string) => shownInstant(all, day, time, facts.dueMs),
    )
    .replaceAll(/\b(\d{4})(\d\d)(\d\d)t(\d\d)\d{4}z-[0-9a-f]{6}/g, (_all, ...parts: string[]) => {
      const [year, month, day, hour = "00"] = parts;
      const shown = shownInstant("", `${year}-${month}-${day}`, `${hour}:30:01`, facts.dueMs);
      return `${shown.slice(0, 13).replaceAll(/[-T]/g, (mark) => (mark === "T" ? "t" : ""))}mmssz-1a2b3c`;
    })
    .replaceAll(
      /(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?![:\d])/g,
      (_all, day: string, time: string) => `${shownDay(day, facts.dueMs)}T${time}`,
    )
    .replaceAll(/(?<!\d)\d{4}-\d\d-\d\d(?![-\dT]|T\d\d:mm)/g, (day) => shownDay(day, facts.dueMs))
    .replaceAll(
      /\b(\d\d)\/(\d\d)\/(\d{4})\b/g,
      (_all, month: string, day: string, year: string) => {
        const [shownYear, ...shown] = shownDay(`${year}-${month}-${day}`, facts.dueMs).split("-");
        return [...shown, shownYear].join("/");
      },
    )
    .replaceAll(facts.python, "/Users/you/Library/Application Support/cbi/python/…")
    .replaceAll(/(^pass {2}Python +)\S+/gm, "$13.11.7")
    .replaceAll(
      "/opt/mac/bin/real-node",
      "/Users/you/Library/Application Support/cbi/current/bin/node",
    )
    // In a column a longer figure takes a space away.
    .replaceAll(
      /(✓ \w+ +)\d+\.\d s\b/g,
      (all) => `${all.replace(/ +[\d.]+ s$/, "").padEnd(COLUMN)}n.n s`,
    )
    .replaceAll(/\b\d+\.\d s\b/g, "n.n s")
    .replaceAll(/\b\d+ CPU seconds/g, "n CPU seconds")
    .replaceAll(/(\d{4}-\d\d-\d\d)-[0-9a-f]{10}/g, "$1-…");
  return text.replaceAll(/[ \t]+$/gm, "").trim();
}

/** Lines of files' texts, as one. */
function shortened(lines: readonly string[]): string[] {
  const isText = (line = ""): boolean => /^ {4}[-+]/.test(line);
  return lines.flatMap((line, index) => {
    if (!isText(line)) return [line];
    return isText(lines[index - 1]) ? [] : ["    …"];
  });
}

/** Full hours were set by somebody; of other instants only the hour is the same each time. */
function shownInstant(all: string, day: string, time: string, dueMs: number): string {
  const afterMs = Date.parse(`${day}T${time}Z`) - dueMs;
  if (!isShown(afterMs)) return all;
  const text = new Date(SHOWN_DUE_MS + afterMs).toISOString();
  if (afterMs % HOUR_MS === 0) return text.replace(".000", "");
  return `${text.slice(0, 13)}:mm:ssZ`;
}

/** By the exchange's own days, which begin at the due instant. */
function shownDay(day: string, dueMs: number): string {
  const due = new Date(dueMs).toISOString().slice(0, 10);
  const afterMs = Date.parse(day) - Date.parse(due);
  if (!isShown(afterMs)) return day;
  const shown = Date.UTC(2026, 10, 20) + afterMs;
  return new Date(shown).toISOString().slice(0, 10);
}

function isShown(afterMs: number): boolean {
  return afterMs >= -DAYS_BEFORE * DAY_MS && afterMs <= DAYS_AFTER * DAY_MS;
}
