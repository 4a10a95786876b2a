import { stripVTControlCharacters } from "node:util";

/** A text without terminal escapes and control characters, tab and line feed apart. */
export function withoutControls(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, (character) =>
    character === "\n" || character === "\t" ? character : "",
  );
}

/** A text on one line, without controls, cut to `lengthMax` characters. */
export function singleLine(text: string, lengthMax = 300): string {
  const flat = withoutControls(text).replace(/\s+/g, " ").trim();
  return flat.length <= lengthMax ? flat : `${flat.slice(0, lengthMax - 1)}…`;
}
