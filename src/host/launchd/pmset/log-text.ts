/** What happened to the Mac at an instant, of what explains whether it was awake. */
export interface PowerMoment {
  atMs: number;
  /**
   * `wake`: all of it, with its screen. `dark`: for its own housekeeping, in which programs are frozen
   * again within seconds. `sleep`: what it did as well when it went. `start`: powerd began, so the Mac did.
   */
  kind: "wake" | "dark" | "sleep" | "start";
  /** Of sleep, in powerd's words: `Clamshell Sleep`, `Idle Sleep`; else undefined. */
  reason: string | undefined;
  /** What it drew from; undefined where the line does not say. */
  source: "ac" | "battery" | undefined;
}

const LINE = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d) (\w+) *\t(.*)$/;
const KINDS = { Wake: "wake", DarkWake: "dark", Sleep: "sleep", Start: "start" } as const;

/**
 * Reads a line of `pmset -g log`; undefined for all the lines that tell nothing of wakefulness, which are nine
 * in ten (PowerManagement-1846, pmset.m, show_log_text; PrivateLib.m, logASLMessageSleep, logASLMessageWake).
 */
export function parseLogLine(line: string): PowerMoment | undefined {
  const [, day, time, hours, minutes, domain = "", message = ""] = LINE.exec(line) ?? [];
  const known = Object.entries(KINDS).find(([name]) => name === domain)?.[1];
  if (known === undefined) return undefined;
  const atMs = Date.parse(`${day}T${time}${hours}:${minutes}`);
  if (Number.isNaN(atMs)) return undefined;
  // A sleep that is only deep enough for housekeeping is told under the name of sleep too.
  const kind = known === "sleep" && message.startsWith("Entering DarkWake") ? "dark" : known;
  const reason = known === "sleep" ? /due to '([^']+)'/.exec(message)?.[1] : undefined;
  const source = /Using (AC|BATT)\b/i.exec(message)?.[1]?.toLowerCase();
  return { atMs, kind, reason, source: source === undefined ? undefined : SOURCES[source] };
}

const SOURCES: Readonly<Record<string, "ac" | "battery">> = { ac: "ac", batt: "battery" };
