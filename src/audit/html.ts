import { findingsOf, sampleColumns, verdictOf } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { outcomeOf } from "./markdown.ts";
import type { AuditReport, AuditedDataset } from "./report.ts";

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c; }
table { border-collapse: collapse; margin: .5rem 0; font-size: .9em; }
td, th { border: 1px solid #ccc; padding: .2rem .6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
section { border-left: .3rem solid #999; padding-left: 1rem; margin: 1rem 0; }
section.error { border-color: #b3261e; } section.warning { border-color: #b26a00; }
.threshold { color: #555; }
@media (prefers-color-scheme: dark) { body { background: #161616; color: #e6e6e6; } td, th { border-color: #444; } .threshold { color: #aaa; } }
`;

/** The report as one HTML file without scripts and without anything fetched. */
export function renderHtml(report: AuditReport): string {
  const findings = findingsOf(report);
  const title = `Audit as of ${escape(report.as_of)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
<p><strong>${escape(verdictOf(report))}</strong> Run ${escape(report.run)}.</p>
<h2>Findings</h2>
${findings.length === 0 ? "<p>None.</p>" : findings.map(findingHtml).join("\n")}
<h2>Every check</h2>
${report.datasets.map(datasetHtml).join("\n")}
</body>
</html>
`;
}

function findingHtml({ check, horizons }: Finding): string {
  const columns = sampleColumns(check);
  const rows = check.sample.map((row) => columns.map((name) => String(row[name] ?? "")));
  const threshold =
    check.threshold === null
      ? ""
      : `<p class="threshold">Threshold: ${escape(check.threshold)}.</p>`;
  return `<section class="${check.severity}">
<h3>${check.severity}: ${escape(check.id)} (${escape(horizons.join(", "))})</h3>
<p>${escape(check.message)}</p>
${threshold}${rows.length === 0 ? "" : table(columns, rows)}
</section>`;
}

function datasetHtml(dataset: AuditedDataset): string {
  const rows = dataset.checks.map((check) => [
    check.id,
    check.column ?? "",
    outcomeOf(check),
    String(check.observed ?? ""),
    check.threshold ?? "",
    check.message,
  ]);
  return `<details><summary>${escape(dataset.horizon)}: ${dataset.rows} rows</summary>
<p>SHA-256 <code>${escape(dataset.fingerprint)}</code></p>
${table(["check", "column", "outcome", "observed", "threshold", "message"], rows)}
</details>`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (tag: string, cells: readonly string[]) =>
    `<tr>${cells.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join("")}</tr>`;
  return `<table>\n${line("th", head)}\n${rows.map((row) => line("td", row)).join("\n")}\n</table>`;
}

/** Text in which nothing is markup: names and values come from the user's files. */
function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
