import assert from "node:assert/strict";
import { test } from "node:test";
import { failed, passed } from "../../src/audit/check.ts";
import { findingsOf } from "../../src/audit/findings.ts";
import { renderHtml } from "../../src/audit/html.ts";
import { reportOf } from "../../src/audit/judge.ts";
import { renderMarkdown } from "../../src/audit/markdown.ts";
import type { AuditCheck, AuditReport } from "../../src/audit/report.ts";
import { auditReportSchema } from "../../src/audit/report.ts";

const HOSTILE = `<img src=x onerror=alert(1)> | [a](javascript:x) "'&\n# heading`;
const warning = { id: "nulls", severity: "warning", threshold: "any" } as const;
const error = { id: "look_ahead", severity: "error", threshold: null } as const;

function reportWith(first: AuditCheck[], second: AuditCheck[] = first): AuditReport {
  const dataset = (horizon: string, checks: AuditCheck[]) => ({
    horizon,
    horizon_rows: 5,
    fingerprint: HOSTILE,
    rows: 10,
    checks,
    quarantined: [{ reason: "non_positive_price", rows: 2 }],
    facts: null,
  });
  const report = reportOf("run-1", "2025-12-31", [dataset("1w", first), dataset("1m", second)]);
  return auditReportSchema.parse(report);
}

const hostile = failed(warning, {
  column: HOSTILE,
  observed: HOSTILE,
  sample: [{ [HOSTILE]: HOSTILE }],
  message: `'${HOSTILE}' is odd.`,
});

void test("nothing from the user's files is markup in the HTML report", () => {
  const html = renderHtml(reportWith([hostile]));
  assert.ok(!html.includes("<img"));
  assert.ok(html.includes("&lt;img src=x onerror=alert(1)&gt;"));
  assert.ok(!html.includes(`"'&\n`));
});

void test("nothing from the user's files is markup in the Markdown report", () => {
  const text = renderMarkdown(reportWith([hostile]));
  assert.ok(!text.includes("<img"));
  assert.ok(!text.includes("\n# heading"));
  assert.ok(!text.includes("[a]("));
  for (const line of text.split("\n").filter((line) => line.startsWith("| nulls"))) {
    assert.equal(line.split(/(?<!\\)\|/).length, 8, line);
  }
});

void test("errors come before warnings, and a finding of two horizons is one", () => {
  const look = failed(error, { column: "x", observed: 1, message: "'x' knows the future." });
  const report = reportWith([hostile, look]);
  assert.deepEqual(
    findingsOf(report).map(({ check, horizons }) => [check.id, horizons]),
    [
      ["look_ahead", ["1w", "1m"]],
      ["nulls", ["1w", "1m"]],
    ],
  );
  assert.deepEqual([report.summary.errors, report.summary.warnings], [1, 1]);
  assert.equal(report.summary.verdict, "refused");
  assert.equal(report.summary.quarantined, 4);
});

void test("a report without failures says that there are none", () => {
  const report = reportWith([passed(warning, "All is well.", 0)]);
  assert.equal(report.summary.verdict, "accepted");
  assert.match(renderMarkdown(report), /## Findings\n\nNone\./);
  assert.match(renderHtml(report), /<p>None\.<\/p>/);
});
