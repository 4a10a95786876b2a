import { collected, failed, passed, skipped } from "./check.ts";
import type { CheckKind } from "./check.ts";
import { typeOf } from "./context.ts";
import type { AuditContext } from "./context.ts";
import type { Observation, ObservedColumn } from "./observation.ts";
import { isNumeric, rolesOf } from "./roles.ts";
import type { Roles } from "./roles.ts";
import type { AuditCheck, DatasetFacts } from "./report.ts";

const REQUIRED: CheckKind = {
  id: "required_columns",
  severity: "error",
  threshold: "date DATE, price and label numeric",
};
const MISSING: CheckKind = {
  id: "column_missing",
  severity: "error",
  threshold: "error when the champion uses it, else warn",
};
const NEW: CheckKind = { id: "column_new", severity: "warning", threshold: "any" };
const TYPE: CheckKind = { id: "type_changed", severity: "error", threshold: "any" };
const TEXT: CheckKind = { id: "not_numeric", severity: "error", threshold: "any feature" };

/** The checks of which columns there are and of what type. */
export function schemaChecks(seen: Observation, context: AuditContext): AuditCheck[] {
  const roles = rolesOf(seen.columns, context.target, context.excluded);
  return [
    ...requiredColumns(roles, context),
    ...refusedTypes(roles),
    ...missingColumns(seen, context),
    ...newColumns(seen, context),
    ...changedTypes(seen, context),
  ];
}

function requiredColumns(roles: Roles, context: AuditContext): AuditCheck[] {
  const wanted: [string, ObservedColumn | undefined, (type: string) => boolean, string][] = [
    ["date", roles.date, (type) => type === "DATE", "DATE"],
    ["price", roles.price, isNumeric, "a number"],
    [context.target, roles.label, isNumeric, "a number"],
  ];
  const failures = wanted.flatMap(([name, column, isRight, expected]) => {
    if (!column) {
      return [
        failed(REQUIRED, { column: name, observed: null, message: `There is no '${name}'.` }),
      ];
    }
    if (isRight(column.type)) return [];
    const message = `'${name}' must be ${expected}; it is ${column.type}.`;
    return [failed(REQUIRED, { column: name, observed: column.type, message })];
  });
  const message = `date, price and ${context.target} are there, with the right types.`;
  return collected(REQUIRED, failures, message);
}

function refusedTypes(roles: Roles): AuditCheck[] {
  const failures = roles.refused.map((column) =>
    failed(TEXT, {
      column: column.name,
      observed: column.type,
      message:
        `'${column.name}' is ${column.type}, which no model can see as a number. Make it one in the ` +
        "SQL, or list it under train.exclude.",
    }),
  );
  return collected(TEXT, failures, `All ${roles.features.length} features are numbers.`);
}

function missingColumns(seen: Observation, context: AuditContext): AuditCheck[] {
  const before = context.previous?.columns.map(({ name }) => name) ?? [];
  const present = new Set(seen.columns.map(({ name }) => name));
  const expected = [...new Set([...context.championFeatures, ...before])];
  const failures = expected
    .filter((name) => !present.has(name))
    .map((name) => {
      const isError = context.championFeatures.includes(name);
      const user = isError ? "The champion uses it. " : "";
      return failed(MISSING, {
        column: name,
        observed: "missing",
        severity: isError ? "error" : "warning",
        message: `'${name}' is missing. ${user}${renamedTo(name, seen, context)}`.trim(),
      });
    });
  if (expected.length === 0) {
    return [skipped(MISSING, "There is no earlier export and no champion to compare with.")];
  }
  return collected(MISSING, failures, `All ${expected.length} expected columns are there.`);
}

/** A guess at what a missing column is called now: by its content where known, else by its name. */
function renamedTo(name: string, seen: Observation, context: AuditContext): string {
  const { previous } = context;
  const before = new Set(previous?.columns.map((column) => column.name));
  const added = seen.columns.map((column) => column.name).filter((other) => !before.has(other));
  const twin = previous
    ? added.find((other) => hasContentOf(name, other, seen, previous))
    : undefined;
  if (twin) return `The new column '${twin}' holds the same values: it was renamed.`;
  const near = context.nearestName(name, added);
  return near ? `Was it renamed to '${near}'?` : "";
}

function hasContentOf(
  name: string,
  other: string,
  seen: Observation,
  previous: DatasetFacts,
): boolean {
  const { history } = previous;
  const hashes = history?.column_hashes[name];
  const index = seen.hashed.indexOf(other);
  if (!history || !hashes || index === -1 || !seen.months) return false;
  if (history.hasher !== seen.hasher) return false;
  return hashes === yearHashes(seen.months, index, history);
}

/** The hashes of one column, a year each, over the months that `history` knows. */
export function yearHashes(
  months: NonNullable<Observation["months"]>,
  column: number,
  history: { months: readonly string[]; years: readonly string[] },
): string {
  const known = new Set(history.months);
  const byYear = new Map(history.years.map((year) => [year, 0]));
  for (const block of months) {
    if (!known.has(block.month)) continue;
    const year = block.month.slice(0, -3);
    byYear.set(year, (byYear.get(year) ?? 0) ^ (block.hashes[column] ?? 0));
  }
  return history.years.map((year) => hexOf(byYear.get(year) ?? 0)).join("");
}

/** A 32-bit number as eight hexadecimal digits. */
export function hexOf(hash: number): string {
  return (hash >>> 0).toString(16).padStart(8, "0");
}

function newColumns(seen: Observation, context: AuditContext): AuditCheck[] {
  const { previous } = context;
  if (!previous) return [skipped(NEW, "There is no earlier export to compare with.")];
  const failures = seen.columns
    .filter(({ name }) => typeOf(previous.columns, name) === undefined)
    .map(({ name, type }) =>
      failed(NEW, { column: name, observed: type, message: `'${name}' (${type}) is new.` }),
    );
  return collected(NEW, failures, "There are no new columns.");
}

function changedTypes(seen: Observation, context: AuditContext): AuditCheck[] {
  const { previous } = context;
  if (!previous) return [skipped(TYPE, "There is no earlier export to compare with.")];
  const failures = seen.columns.flatMap(({ name, type }) => {
    const before = typeOf(previous.columns, name);
    if (before === undefined || before === type) return [];
    const message = `'${name}' was ${before} on ${previous.as_of} and is ${type} now.`;
    return [failed(TYPE, { column: name, observed: type, message })];
  });
  if (failures.length > 0) return failures;
  return [passed(TYPE, `No type changed since ${previous.as_of}.`)];
}
