import { HIDDEN, isSensitiveName } from "../../config/secrets.ts";

/** Takes secrets out of texts. */
export interface Redactor {
  redact: (text: string) => string;
  /** Characters of the longest secret: what must stay together for it to be seen. */
  readonly lengthMax: number;
}

/** A value of a name that does not sound secret is hidden from this length on: shorter ones are words. */
const LONG_ENOUGH = 8;
const SENSITIVE_LONG_ENOUGH = 3;

/**
 * Hides the values of a secrets file wherever they occur, also as they stand in a URL, in JSON and, for
 * one of several lines, line by line. What is too short to tell from ordinary words stays.
 */
export function redactorOf(secrets: Readonly<Record<string, string>>): Redactor {
  const texts = new Set<string>();
  for (const [name, value] of Object.entries(secrets)) {
    const lengthMin = isSensitiveName(name) ? SENSITIVE_LONG_ENOUGH : LONG_ENOUGH;
    for (const line of value.split(/\r?\n/).map((part) => part.trim())) {
      if (line.length < lengthMin) continue;
      for (const form of formsOf(line)) texts.add(form);
    }
  }
  if (texts.size === 0) return { redact: (text) => text, lengthMax: 0 };
  // The longest first: of two secrets that start alike the alternation takes the first that fits.
  const sorted = [...texts].sort((left, right) => right.length - left.length);
  const pattern = new RegExp(sorted.map(escaped).join("|"), "g");
  return {
    redact: (text) => text.replaceAll(pattern, HIDDEN),
    lengthMax: sorted[0]?.length ?? 0,
  };
}

function formsOf(line: string): string[] {
  return [line, JSON.stringify(line).slice(1, -1), encodeURIComponent(line.toWellFormed())];
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
