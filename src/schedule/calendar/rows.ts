import { isDay, type Day } from "../day.ts";
import { parsed, refused, type Parsed } from "../problem.ts";
import { parseTimeOfDay, type TimeOfDay } from "../wall.ts";

/** One line of a user's calendar file: a day that differs from what the calendar has. */
export interface CalendarRow {
  day: Day;
  /** `closed`: no session. `early`: a session that closes at `close`. `open`: a session of regular hours. */
  kind: RowKind;
  /** In the calendar's zone; of `early` only. */
  close?: TimeOfDay;
  name: string;
}

export const ROW_KINDS = ["closed", "early", "open"] as const;

export type RowKind = (typeof ROW_KINDS)[number];

const HEADER = "date,kind,close,name";

/**
 * Reads a calendar file: CSV lines `date,kind,close,name`, the close empty but for `early`. A first
 * line of these names, empty lines and lines that begin with `#` are passed over. A problem's field
 * is its line, its position counts within that line.
 */
export function parseCalendarRows(text: string): Parsed<CalendarRow[]> {
  const rows: CalendarRow[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    if (rows.length === 0 && trimmed.toLowerCase().replaceAll(" ", "") === HEADER) continue;
    const row = parseRow(line, `line ${index + 1}`);
    if (!row.ok) return row;
    const earlier = rows.findIndex(({ day }) => day === row.value.day);
    if (earlier >= 0) {
      return refused({
        field: `line ${index + 1}`,
        found: row.value.day,
        expected: "one line a day",
      });
    }
    rows.push(row.value);
  }
  return parsed(rows);
}

function parseRow(line: string, field: string): Parsed<CalendarRow> {
  // The name comes last and may hold commas.
  const match = /^([^,]*),([^,]*),([^,]*),(.*)$/.exec(line);
  if (!match) return refused({ field, found: line.trim(), expected: `four columns: ${HEADER}` });
  const [day = "", kindText = "", close = "", nameText = ""] = match
    .slice(1)
    .map((part) => part.trim());
  if (!isDay(day))
    return refused({ field, position: 1, found: day, expected: "a day, 2026-04-03" });
  const kind = ROW_KINDS.find((known) => known === kindText.toLowerCase());
  const position = line.indexOf(",") + 2;
  if (!kind) return refused({ field, position, found: kindText, expected: ROW_KINDS.join(", ") });
  const name =
    nameText.replaceAll(/^"|"$/g, "") || (kind === "open" ? "Open" : "Closed by the user");
  const closePosition = position + (match[2] ?? "").length + 1;
  if (kind !== "early") {
    if (close === "") return parsed({ day, kind, name });
    const expected = `no close on a day that is ${kind}`;
    return refused({ field, position: closePosition, found: close, expected });
  }
  if (parseTimeOfDay(close) !== undefined) return parsed({ day, kind, close, name });
  return refused({
    field,
    position: closePosition,
    found: close,
    expected: "a time such as 13:00",
  });
}
