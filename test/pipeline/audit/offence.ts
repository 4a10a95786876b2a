import type { AuditOptions } from "./demo-export.ts";

/** A way to spoil the real 1m export, and what the audit must say of it. */
export interface Offence {
  name: string;
  /** Over the view `export`, the real 1m export. */
  query: string;
  check: string;
  column?: string;
  severity: "error" | "warning" | "note";
  message?: RegExp;
  options?: AuditOptions;
}

/** Half a year, as a condition. */
export const HALF_2019 = "date BETWEEN DATE '2019-01-01' AND DATE '2019-06-30'";
/** The whole export with one column replaced: `2 * price AS price`. */
export function replacing(expression: string): string {
  return `SELECT * REPLACE (${expression}) FROM export`;
}
