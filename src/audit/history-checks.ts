import { failed, passed, percent, skipped } from "./check.ts";
import type { CheckKind } from "./check.ts";
import { addDays, typeOf } from "./context.ts";
import type { AuditContext } from "./context.ts";
import type { MonthBlock, Observation } from "./observation.ts";
import type { AuditCheck, DatasetFacts, HistoryFacts, Sample } from "./report.ts";
import { hexOf, yearHashes } from "./schema-checks.ts";
import { THRESHOLDS } from "./thresholds.ts";

const REWRITTEN: CheckKind = {
  id: "history_rewritten",
  severity: "error",
  threshold: `share of cells: warn > ${percent(THRESHOLDS.rewritten.warn)}, error > ${percent(THRESHOLDS.rewritten.error)}`,
};

/** The hashes of the months that ended more than 60 days before the as-of day. */
export function historyFacts(seen: Observation, asOf: string): HistoryFacts | null {
  if (!seen.months) return null;
  const through = addDays(asOf, -THRESHOLDS.rewritten.days).slice(0, 7);
  // The month of that day has not ended by then, so it is left out.
  const blocks = seen.months.filter(({ month }) => month < through);
  const months = blocks.map(({ month }) => month);
  const years = [...new Set(months.map((month) => month.slice(0, -3)))];
  const known = { months, years };
  return {
    hasher: seen.hasher,
    months,
    month_rows: blocks.map(({ rows }) => rows),
    month_hashes: blocks.map((block) => monthHash(block, seen.hashed)).join(""),
    years,
    column_hashes: Object.fromEntries(
      seen.hashed.map((name, index) => [name, yearHashes(blocks, index, known)]),
    ),
  };
}

/**
 * Whether old rows were changed since the newest earlier export. The figure is an upper bound: in
 * each year, the columns that changed times the rows of the months that changed.
 */
export function historyCheck(seen: Observation, context: AuditContext): AuditCheck {
  const { previous } = context;
  const before = previous?.history;
  if (!previous || !before || before.months.length === 0) {
    return skipped(REWRITTEN, "There is no earlier export to compare with.");
  }
  if (previous.as_of > context.asOf) {
    return skipped(REWRITTEN, `The newest export, of ${previous.as_of}, is later than this one.`);
  }
  if (before.hasher !== seen.hasher) {
    return skipped(
      REWRITTEN,
      `The earlier hashes were made by ${before.hasher}, not ${seen.hasher}.`,
    );
  }
  if (!seen.months) return skipped(REWRITTEN, "The features could not be read.");
  return judge(compare(seen, seen.months, previous, before), previous);
}

interface Rewritten {
  cells: number;
  cellsAll: number;
  months: string[];
  columns: string[];
}

function judge(found: Rewritten, previous: DatasetFacts): AuditCheck {
  const share = found.cellsAll === 0 ? 0 : found.cells / found.cellsAll;
  const { warn, error } = THRESHOLDS.rewritten;
  const where = `in ${found.months.length} months and ${found.columns.length} columns`;
  const message =
    found.cells === 0
      ? `No old row was rewritten since ${previous.as_of}.`
      : `At most ${percent(share)} of the old cells were rewritten since ${previous.as_of}, ${where}.`;
  if (share <= warn) return passed(REWRITTEN, message, share);
  const sample: Sample[] = found.columns.map((column) => ({
    column,
    first_month: found.months[0] ?? null,
    last_month: found.months.at(-1) ?? null,
  }));
  const severity = share > error ? "error" : "warning";
  return failed(REWRITTEN, { observed: share, count: found.cells, severity, sample, message });
}

function compare(
  seen: Observation,
  blocks: readonly MonthBlock[],
  previous: DatasetFacts,
  before: HistoryFacts,
): Rewritten {
  const shared = seen.hashed.filter(
    (name) =>
      before.column_hashes[name] !== undefined &&
      typeOf(previous.columns, name) === typeOf(seen.columns, name),
  );
  const isWhole = sameNames(seen.hashed, Object.keys(before.column_hashes));
  const now = new Map(blocks.map((block) => [block.month, block]));
  const oldest = blocks[0]?.month ?? "";
  const found: Rewritten = { cells: 0, cellsAll: 0, months: [], columns: [] };
  const columns = new Set<string>();
  for (const [yearIndex, year] of before.years.entries()) {
    // A moving window drops its oldest months night after night: no rewriting.
    const months = monthsOf(before, year).filter(({ month }) => month > oldest);
    found.cellsAll += rowsOf(months) * shared.length;
    const altered = months.filter((known) => isAltered(known, now.get(known.month), seen, isWhole));
    if (altered.length === 0) continue;
    const changed = changedColumns(shared, seen, blocks, before, yearIndex);
    const touched = changed.length === 0 && !isWhole ? [] : changed.length === 0 ? shared : changed;
    if (touched.length === 0) continue;
    found.cells += rowsOf(altered) * touched.length;
    found.months.push(...altered.map(({ month }) => month));
    for (const name of touched) columns.add(name);
  }
  return { ...found, columns: [...columns] };
}

interface KnownMonth {
  month: string;
  rows: number;
  hash: string;
}

function monthsOf(history: HistoryFacts, year: string): KnownMonth[] {
  return history.months
    .map((month, index) => ({
      month,
      rows: history.month_rows[index] ?? 0,
      hash: history.month_hashes.slice(8 * index, 8 * index + 8),
    }))
    .filter(({ month }) => month.slice(0, -3) === year);
}

/** When the sets of columns differ, the hashes of whole months say nothing: every month may be. */
function isAltered(
  known: KnownMonth,
  block: MonthBlock | undefined,
  seen: Observation,
  isWhole: boolean,
): boolean {
  if (!block || block.rows !== known.rows) return true;
  return !isWhole || monthHash(block, seen.hashed) !== known.hash;
}

function changedColumns(
  shared: readonly string[],
  seen: Observation,
  blocks: readonly MonthBlock[],
  before: HistoryFacts,
  yearIndex: number,
): string[] {
  return shared.filter((name) => {
    const hashes = before.column_hashes[name] ?? "";
    const now = yearHashes(blocks, seen.hashed.indexOf(name), before);
    const from = 8 * yearIndex;
    return now.slice(from, from + 8) !== hashes.slice(from, from + 8);
  });
}

/** A month's columns together; each name is mixed in, so that twin columns do not cancel out. */
function monthHash(block: MonthBlock, hashed: readonly string[]): string {
  let hash = 0x811c9dc5;
  for (const [index, name] of hashed.entries()) {
    for (let at = 0; at < name.length; at += 1) hash = mix(hash, name.charCodeAt(at));
    hash = mix(hash, block.hashes[index] ?? 0);
  }
  return hexOf(hash);
}

/** One step of FNV-1a over a word instead of an octet (RFC 9923 describes FNV). */
function mix(hash: number, word: number): number {
  return Math.imul(hash ^ word, 0x01000193);
}

function rowsOf(months: readonly { rows: number }[]): number {
  return months.reduce((sum, { rows }) => sum + rows, 0);
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}
