import { HIDDEN, isSensitiveName } from "./secrets.ts";
import type { Span, YamlText } from "./yaml-text.ts";

const WIDTH_MAX = 100;

/**
 * The line of an offset with a caret below it, cut to a readable width. What lies in a hidden span,
 * or follows a key whose name sounds like a secret's, is masked.
 */
export function excerpt(yaml: YamlText, offset: number, hidden: readonly Span[]): string[] {
  const { line, column } = yaml.position(offset);
  const masked = mask(yaml.text, hidden);
  const whole = hideAfterSensitiveName(masked.split(/\r\n|\n|\r/)[line - 1] ?? "");
  const from = column > WIDTH_MAX - 20 ? column - 40 : 0;
  const shownLine = whole.slice(from, from + WIDTH_MAX).replaceAll(/\p{Cc}/gu, " ");
  const label = `${line} | `;
  return [
    `${label}${shownLine}`,
    `${" ".repeat(label.length - 2)}| ${" ".repeat(column - 1 - from)}^`,
  ];
}

/** The text with every hidden character but line ends replaced, so that offsets stay. */
function mask(text: string, hidden: readonly Span[]): string {
  let masked = text;
  for (const { from, to } of hidden) {
    const blank = masked.slice(from, to).replaceAll(/[^\r\n]/g, "*");
    masked = masked.slice(0, from) + blank + masked.slice(to);
  }
  return masked;
}

/** For text that the parser could not place: everything after the name of a likely secret goes. */
function hideAfterSensitiveName(line: string): string {
  const match = /([A-Za-z0-9_-]+)["']?\s*[:=]/g;
  for (const found of line.matchAll(match)) {
    if (!isSensitiveName(found[1] ?? "")) continue;
    return `${line.slice(0, found.index + found[0].length)} ${HIDDEN}`;
  }
  return line;
}
