import { nearest } from "../config/nearest.ts";
import { parsed, refused, type Parsed } from "./problem.ts";

export type FieldName = "minute" | "hour" | "day of month" | "month" | "day of week";

/** One field of a cron text, worked out. */
export interface CronField {
  text: string;
  /** What it names, in order and once each; Sunday is 0. */
  values: readonly number[];
  /** Decides how the two day fields combine. */
  startsWithStar: boolean;
}

interface FieldRule {
  min: number;
  max: number;
  /** Names of values, the first standing for `min`. */
  names: readonly string[];
}

/** A part of a field and where it begins in the whole text. */
interface Piece {
  text: string;
  position: number;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const RULES: Readonly<Record<FieldName, FieldRule>> = {
  minute: { min: 0, max: 59, names: [] },
  hour: { min: 0, max: 23, names: [] },
  "day of month": { min: 1, max: 31, names: [] },
  month: { min: 1, max: 12, names: MONTHS },
  "day of week": { min: 0, max: 7, names: WEEKDAYS },
};

/** Reads one field, which begins at `position` (counted from 1) of the whole text. */
export function parseCronField(name: FieldName, text: string, position: number): Parsed<CronField> {
  const found = new Set<number>();
  let start = position;
  for (const item of text.split(",")) {
    const values = parseItem(name, { text: item, position: start });
    if (!values.ok) return values;
    for (const value of values.value) found.add(name === "day of week" ? value % 7 : value);
    start += item.length + 1;
  }
  const values = [...found].sort((left, right) => left - right);
  return parsed({ text, values, startsWithStar: text.startsWith("*") });
}

/** One item of a list: a value, a range, or `*`, each with a step or without. */
function parseItem(name: FieldName, item: Piece): Parsed<number[]> {
  const { min, max } = RULES[name];
  const [range = "", stepText, surplus] = item.text.split("/");
  if (surplus !== undefined) {
    return refused({
      field: name,
      position: item.position,
      found: item.text,
      expected: "one step at most, such as */5",
    });
  }
  const step = parseStep(name, stepText, item.position + range.length + 1);
  if (!step.ok) return step;
  const span = parseSpan(name, { text: range, position: item.position });
  if (!span.ok) return span;
  // Seven as Sunday is for those who write it: `*` and `1/2` go through Saturday.
  const end = name === "day of week" ? max - 1 : max;
  const { first, last } = span.value ?? { first: min, last: end };
  const through = stepText !== undefined && last === undefined ? end : (last ?? first);
  const values: number[] = [];
  for (let value = first; value <= through; value += step.value) values.push(value);
  return parsed(values);
}

function parseStep(name: FieldName, text: string | undefined, position: number): Parsed<number> {
  if (text === undefined) return parsed(1);
  const { min, max } = RULES[name];
  const stepMax = name === "day of week" ? 7 : max - min + 1;
  const step = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (step >= 1 && step <= stepMax) return parsed(step);
  return refused({ field: name, position, found: text, expected: `a step from 1 to ${stepMax}` });
}

/** First and last value of `a-b`, only the first of `a`, nothing of `*`. */
function parseSpan(
  name: FieldName,
  range: Piece,
): Parsed<{ first: number; last?: number } | undefined> {
  if (range.text === "*") return parsed(undefined);
  const [firstText = "", lastText, surplus] = range.text.split("-");
  if (surplus !== undefined || firstText === "") return refuseValue(name, range);
  const first = parseValue(name, { text: firstText, position: range.position });
  if (!first.ok) return first;
  if (lastText === undefined) return parsed({ first: first.value });
  const lastPosition = range.position + firstText.length + 1;
  const last = parseValue(name, { text: lastText, position: lastPosition });
  if (!last.ok) return last;
  // Friday to Sunday is a range that people write; Sunday is then the week's seventh day.
  const isSundayLast = name === "day of week" && last.value === 0 && first.value > 0;
  const lastValue = isSundayLast ? 7 : last.value;
  if (lastValue >= first.value) return parsed({ first: first.value, last: lastValue });
  return refused({
    field: name,
    position: range.position,
    found: range.text,
    expected: `a range that runs forward; write ${firstText}-${endName(name)},${startName(name)}-${lastText}`,
  });
}

function parseValue(name: FieldName, piece: Piece): Parsed<number> {
  const { min, max, names } = RULES[name];
  const byName = names.indexOf(piece.text.toLowerCase());
  if (byName >= 0) return parsed(byName + min);
  const value = /^\d{1,2}$/.test(piece.text) ? Number(piece.text) : Number.NaN;
  return value >= min && value <= max ? parsed(value) : refuseValue(name, piece);
}

function refuseValue(name: FieldName, piece: Piece): Parsed<never> {
  const { min, max, names } = RULES[name];
  const [firstName = "", lastName = ""] = [names[0], names.at(-1)];
  const byName = names.length > 0 ? ` or ${firstName} to ${lastName}` : "";
  const facts = {
    field: name,
    position: piece.position,
    found: piece.text,
    expected: `${min} to ${max}${byName}, a range, a list or *`,
  };
  const guess = nearestName(piece.text, names);
  return refused(guess === undefined ? facts : { ...facts, nearest: guess });
}

/** `monday` means mon, and so does `mno`. */
function nearestName(text: string, names: readonly string[]): string | undefined {
  const word = text.toLowerCase();
  return names.find((name) => word.startsWith(name)) ?? nearest(word.slice(0, 3), names);
}

function startName(name: FieldName): string {
  const { min, names } = RULES[name];
  return names[0] ?? String(min);
}

function endName(name: FieldName): string {
  const { max, names } = RULES[name];
  return names.at(-1) ?? String(max);
}
