/** What macOS's background task management has of an item that starts by itself. */
export interface BackgroundItem {
  /** `16.com.cbi.nightly`: the first number is the kind, 16 a daemon and 8 an agent. */
  identifier: string;
  /** `enabled`, `allowed`, `notified`; `disallowed` for what somebody has turned off. */
  disposition: readonly string[];
  /** As System Settings lists it. */
  name: string;
}

/** Reads `sfltool dumpbtm`, whose records are blocks of `Name: value` below a line `#N:`. No manual tells the form. */
export function parseBackgroundItems(text: string): BackgroundItem[] {
  return text
    .split(/^\s*#\d+:\s*$/m)
    .slice(1)
    .flatMap((block) => {
      const field = (name: string) =>
        new RegExp(`^\\s*${name}: (.*)$`, "m").exec(block)?.[1]?.trim();
      const identifier = field("Identifier");
      if (identifier === undefined) return [];
      const listed = /\[([^\]]*)\]/.exec(field("Disposition") ?? "")?.[1] ?? "";
      const disposition = listed.split(",").map((word) => word.trim());
      return [{ identifier, disposition, name: field("Name") ?? "" }];
    });
}
