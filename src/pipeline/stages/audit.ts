import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { auditReportSchema, type AuditReport, type DatasetFacts } from "../../audit/report.ts";
import { renderHtml } from "../../audit/html.ts";
import { renderMarkdown } from "../../audit/markdown.ts";
import { championBefore } from "../../ledger/champions.ts";
import { finishedStagesUpTo } from "../../ledger/runs.ts";
import { readManifest } from "../../models/registry.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { replaceFile, replaceJson } from "../../system/files.ts";
import { targetColumn } from "../../training/training.ts";
import { auditExports } from "../audit/audit-exports.ts";
import { truncator } from "../audit/truncation.ts";
import { declaredOutputSchema, declareOutput } from "../declared-output.ts";
import type { Stage, StageContext } from "../stage.ts";
import type { ExportOutput } from "./export.ts";

export const auditOutputSchema = z.strictObject({
  errors: z.int(),
  warnings: z.int(),
  quarantined: z.int(),
  /** SHA-256 of the audited files, by horizon: what "the same export" means to the next night. */
  fingerprints: z.record(z.string(), z.string()),
  /** The recipe of the tables, when they were made again on less history or had been before. */
  recipe: z.string().nullable().default(null),
  as_of: z.iso.date().optional(),
  audit: declaredOutputSchema,
  report: declaredOutputSchema,
});

export type AuditOutput = z.infer<typeof auditOutputSchema>;

/** Audits looked at for an earlier export to compare with. */
const EARLIER_MAX = 20;

/**
 * Judges tonight's exports by the checks of `src/audit/`. Every check is made and written down
 * before an error ends the run with exit code 65; warnings go with the run.
 */
export const auditStage: Stage<"audit", { export: ExportOutput }, AuditOutput> = {
  name: "audit",
  version: 2,
  output: auditOutputSchema,
  limits: { attempts: 2, deadlineMs: 30 * 60_000 },

  fingerprint: async (input, context) => ({
    asOf: context.asOf,
    datasets: input.export.datasets.map(({ horizon, sha256 }) => ({ horizon, sha256 })),
    settings: context.config.audit,
    train: context.config.train,
    calendar: context.config.calendar,
    earlier: earlierAudit(input.export, context)?.audit.sha256 ?? null,
    champions: await championFeatures(context),
  }),

  async run(input, context) {
    const { truncate, recipe } = await truncator({
      asOf: context.asOf,
      warehouse: context.warehouse,
      proven: provenRecipe(context),
      signal: context.signal,
    });
    const report = await auditExports({
      run: context.run,
      asOf: context.asOf,
      datasets: input.export.datasets.map((dataset) => ({
        horizon: dataset.horizon,
        horizonRows: dataset.horizon_rows,
        file: path.join(context.paths.root, dataset.path),
        target: targetColumn(dataset.horizon),
        fingerprint: dataset.sha256,
      })),
      previous: await earlierFacts(input.export, context),
      championFeatures: await championFeatures(context),
      config: context.config,
      calendar: context.calendar,
      signal: context.signal,
      truncate,
    });
    const files = await writeReports(report, context);
    for (const warning of warningsOf(report)) context.warn(warning);
    if (report.summary.errors > 0) throw refused(report, files.report.path);
    return {
      errors: report.summary.errors,
      warnings: report.summary.warnings,
      quarantined: report.summary.quarantined,
      fingerprints: fingerprintsOf(input.export),
      recipe: wasCompared(report) ? recipe : null,
      as_of: context.asOf,
      ...files,
    };
  },

  outputs: (output) => [output.audit, output.report],

  summarize(output) {
    const rows = output.quarantined === 0 ? "" : `, ${output.quarantined} rows quarantined by name`;
    return `no errors, ${output.warnings} warnings${rows}`;
  },
};

/** Whether tables were compared, or had been before. */
function wasCompared(report: AuditReport): boolean {
  const checks = report.datasets.flatMap(({ checks: all }) => all);
  return checks.some(({ id, status }) => id === "truncated_history" && status === "passed");
}

function fingerprintsOf(exported: ExportOutput): Record<string, string> {
  return Object.fromEntries(exported.datasets.map(({ horizon, sha256 }) => [horizon, sha256]));
}

/** The newest audit of another export as of this day or before; the same export tells nothing new. */
function earlierAudit(exported: ExportOutput, context: StageContext): AuditOutput | undefined {
  const ours = JSON.stringify(fingerprintsOf(exported));
  return earlierAudits(context).find((audit) => JSON.stringify(audit.fingerprints) !== ours);
}

/** The newest audits that finished, so without an error. */
function earlierAudits(context: StageContext): AuditOutput[] {
  return finishedStagesUpTo(context.ledger, "audit", context.asOf, EARLIER_MAX).flatMap((stage) => {
    const parsed = auditOutputSchema.safeParse(JSON.parse(stage.output ?? "null"));
    return parsed.success ? [parsed.data] : [];
  });
}

/** The recipe of the newest of them, whose tables were made again then. */
function provenRecipe(context: StageContext): { recipe: string; asOf: string } | undefined {
  return earlierAudits(context)
    .flatMap(({ recipe, as_of: asOf }) => (recipe && asOf ? [{ recipe, asOf }] : []))
    .at(0);
}

async function earlierFacts(
  exported: ExportOutput,
  context: StageContext,
): Promise<Record<string, DatasetFacts>> {
  const earlier = earlierAudit(exported, context);
  if (!earlier) return {};
  try {
    const file = path.join(context.paths.root, earlier.audit.path);
    const report = auditReportSchema.parse(JSON.parse(await readFile(file, "utf8")));
    return Object.fromEntries(
      report.datasets.flatMap(({ horizon, facts }) => (facts ? [[horizon, facts]] : [])),
    );
  } catch {
    // Retention may have given the report back; then there is nothing to compare with.
    return {};
  }
}

async function championFeatures(context: StageContext): Promise<Record<string, string[]>> {
  const features: Record<string, string[]> = {};
  for (const horizon of Object.keys(context.config.horizons)) {
    const { algorithm, version } = championBefore(context.ledger, horizon, context.asOf) ?? {};
    if (algorithm === undefined || version === undefined) continue;
    const key = { horizon, algorithm, version };
    const manifest = await readManifest(context.paths, key).catch(() => undefined);
    if (manifest) features[horizon] = manifest.features.map(({ name }) => name);
  }
  return features;
}

async function writeReports(
  report: AuditReport,
  context: StageContext,
): Promise<Pick<AuditOutput, "audit" | "report">> {
  const json = path.join(context.runFolder, "audit.json");
  const html = path.join(context.runFolder, "audit.html");
  await replaceJson(json, auditReportSchema.parse(report));
  await replaceFile(html, renderHtml(report));
  await replaceFile(path.join(context.runFolder, "audit.md"), renderMarkdown(report));
  return { audit: await declareOutput(json, context), report: await declareOutput(html, context) };
}

/** Each warning once, however many horizons share it. */
function warningsOf(report: AuditReport): string[] {
  return failuresOf(report, "warning");
}

function failuresOf(report: AuditReport, severity: "error" | "warning"): string[] {
  const horizons = new Map<string, string[]>();
  for (const dataset of report.datasets) {
    for (const check of dataset.checks) {
      if (check.status !== "failed" || check.severity !== severity) continue;
      const column = check.column === null ? "" : ` (${check.column})`;
      const text = `audit ${check.id}${column}: ${check.message}`;
      horizons.set(text, [...(horizons.get(text) ?? []), dataset.horizon]);
    }
  }
  return Array.from(horizons, ([text, names]) => `${text} [${names.join(", ")}]`);
}

function refused(report: AuditReport, file: string): Failure {
  const errors = failuresOf(report, "error");
  const more = errors.length > 3 ? `, and ${errors.length - 3} more` : "";
  return new Failure({
    code: "CBI_AUDIT_REFUSED",
    message: `the audit refused the data: ${errors.slice(0, 3).join("; ")}${more}`,
    remedy: `Every check with failing rows is in ${file}`,
    exit: ExitCode.dataRefused,
    class: "data",
  });
}
