import { HIDDEN, isSensitiveName } from "./secrets.ts";
import type { Span, YamlText } from "./yaml-text.ts";

const WIDTH_MAX = 100;

/**
 * Shows the line of an offset with a caret below it, cut to a readable width. What lies in a hidden
 * span, or follows a key whose name sounds like a secret's, is masked.
 */
export function excerpter(yaml: YamlText, hidden: readonly Span[]): (offset: number) => string[] {
  const lines = mask(yaml.text, hidden).split(/\r\n|\n|\r/);
  return (offset) => {
    const { line, column } = yaml.position(offset);
    const whole = hideAfterSensitiveName(lines[line - 1] ?? "");
    const from = column > WIDTH_MAX - 20 ? column - 40 : 0;
    const shownLine = whole.slice(from, from + WIDTH_MAX).replaceAll(/\p{Cc}/gu, " ");
    const label = `${line} | `;
    const caret = `${" ".repeat(column - 1 - from)}^`;
    return [`${label}${shownLine}`, `${" ".repeat(label.length - 2)}| ${caret}`];
  };
}

/** The text with every hidden character but line ends replaced, so that offsets stay. */
function mask(text: string, hidden: readonly Span[]): string {
  const pieces: string[] = [];
  let done = 0;
  for (const { from, to } of hidden.toSorted((left, right) => left.from - right.from)) {
    const start = Math.max(from, done);
    if (to <= start) continue;
    pieces.push(text.slice(done, start), text.slice(start, to).replaceAll(/[^\r\n]/g, "*"));
    done = to;
  }
  return pieces.join("") + text.slice(done);
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
