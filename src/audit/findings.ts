import type { AuditCheck, AuditReport } from "./report.ts";
import { findingKey } from "./judge.ts";

/** One finding and the horizons in which it was made. */
export interface Finding {
  check: AuditCheck;
  horizons: string[];
}

const RANK = { error: 0, warning: 1, note: 2 } as const;

/** The failed checks, errors first; findings that say the same of several horizons are one. */
export function findingsOf(report: AuditReport): Finding[] {
  const byKey = new Map<string, Finding>();
  for (const dataset of report.datasets) {
    for (const check of dataset.checks) {
      if (check.status !== "failed") continue;
      const key = findingKey(check);
      const finding = byKey.get(key) ?? { check, horizons: [] };
      finding.horizons.push(dataset.horizon);
      byKey.set(key, finding);
    }
  }
  return [...byKey.values()].sort(
    (left, right) => RANK[left.check.severity] - RANK[right.check.severity],
  );
}

/** The outcome of a report in one sentence. */
export function verdictOf(report: AuditReport): string {
  const { summary } = report;
  const count = (figure: number, noun: string) => `${figure} ${noun}${figure === 1 ? "" : "s"}`;
  const figures = `${count(summary.errors, "error")}, ${count(summary.warnings, "warning")}, ${count(summary.notes, "note")}, ${count(summary.passed, "check")} passed, ${summary.skipped} not asked`;
  const verdict = summary.verdict === "refused" ? "The data are refused" : "The data are accepted";
  return `${verdict}: ${figures}.`;
}

/** The columns of a finding's samples, in order of appearance. */
export function sampleColumns(check: AuditCheck): string[] {
  return [...new Set(check.sample.flatMap((row) => Object.keys(row)))];
}
