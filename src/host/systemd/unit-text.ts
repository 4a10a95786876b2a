/** Settings of one section in their order; a name that occurs again is written again. */
export type UnitSection = readonly (readonly [string, string])[];

/** A unit file (systemd.syntax(7)). Values are expected to be escaped for their setting. */
export function unitText(sections: Readonly<Record<string, UnitSection>>): string {
  return Object.entries(sections)
    .map(([name, settings]) => {
      const lines = settings.map(([setting, value]) => `${setting}=${value}`);
      return [`[${name}]`, ...lines, ""].join("\n");
    })
    .join("\n");
}

/** A text without specifiers: `%` begins one. */
export function plain(text: string): string {
  return text.replaceAll("%", "%%");
}

/** One word of a setting that is split at spaces, as it is meant (systemd.syntax(7), "Quoting"). */
export function quoted(word: string): string {
  const escaped = plain(word).replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return /^[A-Za-z0-9_@:,./=+-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

/**
 * A command line that starts exactly these words. The colon before the program turns the substitution
 * of `$` off (systemd.service(5), "Command lines"). systemd refuses a program with quotes or backslashes
 * in its path; env(1) takes it as an argument and becomes it.
 */
export function commandLine(words: readonly string[]): string {
  const [program = "", ...rest] = words;
  if (/["'\\]/.test(program)) return [":/usr/bin/env", ...words.map(quoted)].join(" ");
  return [quoted(`:${program}`), ...rest.map(quoted)].join(" ");
}
