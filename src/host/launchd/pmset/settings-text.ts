/** The settings of one source of power by name, as text: `sleep` is minutes, and `0` never. */
export type PowerSettings = ReadonlyMap<string, string>;

/** What `pmset -g custom` shows; a desktop has no battery. */
export interface CustomSettings {
  ac: PowerSettings | undefined;
  battery: PowerSettings | undefined;
}

/** Reads `pmset -g custom`: a section a source, a line a setting, of which some names have spaces. */
export function parseCustomSettings(text: string): CustomSettings {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  for (const line of text.split("\n")) {
    const title = /^(\S.*):\s*$/.exec(line)?.[1];
    if (title !== undefined) sections.set(title, (section = new Map()));
    // The value is one word; what prevents it stands behind it in brackets.
    const [, name, value] = /^ (\S.*?)\s+(\S+)(?: +\(.*\))?\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) section?.set(name, value);
  }
  return { ac: sections.get("AC Power"), battery: sections.get("Battery Power") };
}

/** After how many minutes without anybody a Mac sleeps; undefined where it does not say, 0 for never. */
export function idleSleepMinutes(settings: PowerSettings | undefined): number | undefined {
  const minutes = Number(settings?.get("sleep") ?? Number.NaN);
  return Number.isInteger(minutes) ? minutes : undefined;
}
