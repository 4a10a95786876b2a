import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { labelColumn } from "../naming.ts";
import type { Field } from "./tables.ts";

const REFUSED = new Set(["RECORD", "STRUCT", "RANGE", "INTERVAL", "BIGNUMERIC"]);
const DAYS = new Set(["DATE", "TIMESTAMP", "DATETIME"]);
const NUMBERS = new Set(["FLOAT", "FLOAT64", "NUMERIC", "INTEGER", "INT64"]);

/** What a column of the source becomes in the export. */
export interface ExportedColumn {
  source: Field;
  /** Its name in the export. */
  name: string;
  role: "date" | "price" | "target" | "plain";
}

/** The columns of a training table with their roles. Throws when one is missing or of a wrong type. */
export function exportedColumns(
  fields: readonly Field[],
  settings: BigQuerySettings,
  horizon: string,
  table: string,
): ExportedColumn[] {
  const { date, price, target } = settings.columns;
  const label = target.replaceAll("{horizon}", horizon);
  const columns = fields.map((source): ExportedColumn => {
    if (source.name === date) return { source, name: "date", role: "date" };
    if (source.name === label) return { source, name: labelColumn(horizon), role: "target" };
    if (source.name === price) return { source, name: "price", role: "price" };
    return { source, name: source.name, role: "plain" };
  });
  assertColumn(columns, table, { role: "date", name: date, types: DAYS, wanted: "DATE" });
  assertColumn(columns, table, { role: "target", name: label, types: NUMBERS, wanted: "FLOAT64" });
  return columns;
}

/** The columns of the export in BigQuery's words. */
export function exportedFields(
  fields: readonly Field[],
  settings: BigQuerySettings,
  horizon: string,
  table: string,
): Field[] {
  return exportedColumns(fields, settings, horizon, table).map(({ source, name, role }) => {
    if (role === "date") return { name, type: "DATE" };
    return { name, type: role === "plain" ? source.type : "FLOAT64" };
  });
}

/** Refuses columns that a flat table cannot hold, each by its name. */
export function assertFlat(fields: readonly Field[], table: string): void {
  const nested = fields.filter(({ type, mode }) => mode === "REPEATED" || REFUSED.has(type));
  if (nested.length === 0) return;
  const named = nested.map(
    ({ name, type, mode }) => `${name} (${mode === "REPEATED" ? "repeated " : ""}${type})`,
  );
  throw new Failure({
    code: "CBI_COLUMN_NESTED",
    message: `${table} should have flat columns of simple types; it has ${named.join(", ")}`,
    remedy:
      "Make a view that leaves them out, unnests them or casts them to FLOAT64, and name it in warehouse.tables.training.",
    exit: ExitCode.dataRefused,
    class: "data",
  });
}

function assertColumn(
  columns: readonly ExportedColumn[],
  table: string,
  { role, name, types, wanted }: { role: string; name: string; types: Set<string>; wanted: string },
): void {
  const type = columns.find((column) => column.role === role)?.source.type;
  if (type !== undefined && types.has(type)) return;
  throw new Failure({
    code: type === undefined ? "CBI_COLUMN_MISSING" : "CBI_COLUMN_TYPE",
    message: `${table} should have the column '${name}' of type ${wanted}; ${type === undefined ? "there is none" : `it is ${type}`}`,
    remedy: "Correct the table, or warehouse.columns in cbi.yaml.",
    exit: ExitCode.dataRefused,
    class: "data",
  });
}
