/** The dependable fields of what `launchctl print` says of a service. */
export interface PrintedService {
  /** The property list that it was loaded from. */
  path: string | undefined;
  /** `running`, `not running`, `spawn scheduled`, `xpcproxy`, `SIGTERMed`. */
  state: string;
  pid: number | undefined;
}

/**
 * Reads `launchctl print DOMAIN/LABEL`. The text is no interface (launchctl(1)) and differs among
 * releases: only lines with exactly one tab are fields of the service, blocks within it repeat their
 * names.
 */
export function parsePrinted(text: string): PrintedService {
  const fields = new Map<string, string>();
  for (const [, name = "", value = ""] of text.matchAll(/^\t([^\t=]+?) = (.*)$/gm)) {
    if (!fields.has(name)) fields.set(name, value);
  }
  const pid = Number(fields.get("pid"));
  return {
    path: fields.get("path"),
    state: fields.get("state") ?? "unknown",
    pid: Number.isInteger(pid) && pid > 0 ? pid : undefined,
  };
}

/** The labels that `launchctl print-disabled` lists as disabled: `=> disabled` since macOS 13, `=> true` before. */
export function parseDisabled(text: string): Set<string> {
  const found = text.matchAll(/^\s*"([^"]+)" => (?:disabled|true)\s*$/gm);
  return new Set([...found].map(([, label = ""]) => label));
}

/**
 * How a service that is not running ended last, as `78: EX_CONFIG` or `Killed: 9`; undefined while it
 * runs and before its first end. A signal stands in a line of its own, in the place of the exit code's.
 */
export function parseEnd(text: string): string | undefined {
  const field = (name: string) => new RegExp(`^\\t${name} = (.*)$`, "m").exec(text)?.[1];
  if (field("state") !== "not running") return undefined;
  const end = field("last terminating signal") ?? field("last exit code");
  return end === "(never exited)" ? undefined : end;
}
