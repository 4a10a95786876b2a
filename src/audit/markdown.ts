import { findingsOf, sampleColumns, verdictOf } from "./findings.ts";
import type { Finding } from "./findings.ts";
import type { AuditCheck, AuditReport } from "./report.ts";

/** The report as Markdown: the verdict, what failed with its rows, then every check by horizon. */
export function renderMarkdown(report: AuditReport): string {
  const findings = findingsOf(report);
  const parts = [
    `# Audit as of ${report.as_of}`,
    `${verdictOf(report)} Run ${inline(report.run)}.`,
    "## Findings",
    findings.length === 0 ? "None." : findings.map(findingText).join("\n\n"),
    ...report.datasets.flatMap((dataset) => [
      `## ${inline(dataset.horizon)}`,
      `${dataset.rows} rows, SHA-256 ${inline(dataset.fingerprint)}.`,
      table(
        ["check", "column", "outcome", "observed", "threshold", "message"],
        dataset.checks.map((check) => [
          check.id,
          check.column ?? "",
          outcomeOf(check),
          String(check.observed ?? ""),
          check.threshold ?? "",
          check.message,
        ]),
      ),
    ]),
  ];
  return `${parts.join("\n\n")}\n`;
}

function findingText({ check, horizons }: Finding): string {
  const head = `### ${check.severity}: ${inline(check.id)} (${horizons.map(inline).join(", ")})`;
  const threshold = check.threshold === null ? "" : `\n\nThreshold: ${inline(check.threshold)}.`;
  const columns = sampleColumns(check);
  const rows = check.sample.map((row) => columns.map((name) => String(row[name] ?? "")));
  const sample = rows.length === 0 ? "" : `\n\n${table(columns, rows)}`;
  return `${head}\n\n${inline(check.message)}${threshold}${sample}`;
}

/** What a check came to: its severity if it failed, else its status. */
export function outcomeOf(check: AuditCheck): string {
  return check.status === "failed" ? check.severity : check.status;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(inline).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/**
 * Text in which nothing is markup: names and values come from the user's files. HTML goes by
 * entities, signs of Markdown by a backslash, and a line break, which would end a cell, by a space.
 */
function inline(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\\`*_{}[\]#|~!]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
