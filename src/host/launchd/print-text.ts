/** A dictionary of StartCalendarInterval: `{ Hour: 2, Minute: 0 }` rings daily. */
export type CalendarDictionary = Readonly<Record<string, number>>;

/** The dependable fields of what `launchctl print` says of a service. */
export interface PrintedService {
  /** The property list that it was loaded from. */
  path: string | undefined;
  /** `running`, `not running`, `spawn scheduled`, `xpcproxy`, `SIGTERMed`. */
  state: string;
  pid: number | undefined;
  program: string | undefined;
  arguments: string[];
  /** Of the system domain, where it is not root. */
  username: string | undefined;
  /** When it rings; empty where it does not, or where this macOS does not say. */
  calendar: CalendarDictionary[];
  /** How it ended last, as `0`, `78: EX_CONFIG` or `Killed: 9`; undefined before its first end. */
  lastEnd: string | undefined;
  /** How long it is given between TERM and KILL; undefined where launchd does not say. */
  exitSeconds: number | undefined;
}

/**
 * Reads `launchctl print DOMAIN/LABEL`. The text is no interface (launchctl(1)) and differs among
 * releases: only lines with exactly one tab are fields of the service, blocks within it repeat their
 * names. A signal stands in a line of its own, in the place of the exit code's.
 */
export function parsePrinted(text: string): PrintedService {
  const fields = new Map<string, string>();
  for (const [, name = "", value = ""] of text.matchAll(/^\t([^\t=]+?) = (.*)$/gm)) {
    if (!fields.has(name)) fields.set(name, value);
  }
  const pid = Number(fields.get("pid"));
  const exit = fields.get("exit timeout") ?? "";
  const end = fields.get("last terminating signal") ?? fields.get("last exit code");
  return {
    path: fields.get("path"),
    state: fields.get("state") ?? "unknown",
    pid: Number.isInteger(pid) && pid > 0 ? pid : undefined,
    program: fields.get("program"),
    arguments: argumentsIn(text),
    username: fields.get("username"),
    calendar: calendarIn(text),
    lastEnd: end === "(never exited)" ? undefined : end,
    exitSeconds: /^\d+$/.test(exit) ? Number(exit) : undefined,
  };
}

/** The labels that `launchctl print-disabled` lists as disabled: `=> disabled` since macOS 13, `=> true` before. */
export function parseDisabled(text: string): Set<string> {
  const found = text.matchAll(/^\s*"([^"]+)" => (?:disabled|true)\s*$/gm);
  return new Set([...found].map(([, label = ""]) => label));
}

/** Whether a process of the service is there, or is about to become one. */
export function isAtWork({ state, pid }: PrintedService): boolean {
  return pid !== undefined || state === "running" || state === "xpcproxy";
}

/** How a service that is not running ended last; undefined while it runs and before its first end. */
export function parseEnd(text: string): string | undefined {
  const { state, lastEnd } = parsePrinted(text);
  return state === "not running" ? lastEnd : undefined;
}

/** One a line behind two tabs; an empty one is a line of two tabs. */
function argumentsIn(text: string): string[] {
  const block = /^\targuments = \{\n((?:\t\t.*\n)*)\t\}$/m.exec(text)?.[1];
  return block === undefined
    ? []
    : block
        .split("\n")
        .slice(0, -1)
        .map((line) => line.slice(2));
}

const TRIGGERS =
  /stream = com\.apple\.launchd\.calendarinterval\n(?:\t{3}\w.*\n)*?\t{3}descriptor = \{\n((?:\t{4}"\w+" => \d+\n)*)/g;

function calendarIn(text: string): CalendarDictionary[] {
  return [...text.matchAll(TRIGGERS)].map(([, descriptor = ""]) => {
    const pairs = [...descriptor.matchAll(/"(\w+)" => (\d+)/g)];
    return Object.fromEntries(pairs.map(([, name = "", value]) => [name, Number(value)]));
  });
}
