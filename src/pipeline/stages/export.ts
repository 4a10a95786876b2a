import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { hashFile, publish, replaceJson, temporaryNameFor } from "../../system/files.ts";
import { DATE_COLUMN, PRICE_COLUMN, targetColumn } from "../../training/training.ts";
import type { ExportReceipt } from "../../warehouse/warehouse.ts";
import type { Stage, StageContext } from "../stage.ts";

const datasetSchema = z.strictObject({
  horizon: z.string(),
  /** Price rows ahead. */
  horizon_rows: z.int(),
  /** Relative to the home. */
  path: z.string(),
  manifest: z.string(),
  manifest_sha256: z.string(),
  sha256: z.string(),
  rows: z.int(),
  columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
  first: z.iso.date(),
  last: z.iso.date(),
  bytes_estimated: z.number(),
  bytes_billed: z.number(),
});

export const exportOutputSchema = z.strictObject({
  as_of: z.iso.date(),
  datasets: z.array(datasetSchema),
  /** Of making the tables, where that is the warehouse's work, and of every export. */
  bytes_estimated: z.number(),
  bytes_billed: z.number(),
});

export type ExportOutput = z.infer<typeof exportOutputSchema>;
export type ExportedDataset = z.infer<typeof datasetSchema>;

/**
 * Writes the training table of every horizon to `TrainingData/exports/<horizon>.parquet` with a
 * manifest, each published by a rename once it has been read back. No rows, a missing column or
 * rows after the as-of date end it.
 */
export const exportStage: Stage<"export", object, ExportOutput> = {
  name: "export",
  version: 2,
  output: exportOutputSchema,
  limits: { attempts: 3, deadlineMs: 60 * 60_000 },

  async fingerprint(_input, context) {
    return {
      asOf: context.asOf,
      symbol: context.config.symbol,
      horizons: context.config.horizons,
      warehouse: await context.warehouse.inputFingerprint(context.asOf),
    };
  },

  async run(_input, context) {
    const prepared = await context.warehouse.prepare(context.asOf, context.signal);
    await mkdir(context.paths.exports, { recursive: true });
    const horizons = Object.entries(context.config.horizons);
    let done = 0;
    const datasets = await Promise.all(
      horizons.map(async ([horizon, rows]) => {
        const dataset = await exportHorizon(context, horizon, rows);
        done += 1;
        context.emit({
          event: "stage-progress",
          stage: "export",
          done,
          total: horizons.length,
          message: `${horizon}: ${dataset.rows} rows`,
        });
        return dataset;
      }),
    );
    return {
      as_of: context.asOf,
      datasets,
      bytes_estimated: datasets.reduce(
        (sum, dataset) => sum + dataset.bytes_estimated,
        prepared.bytesEstimated,
      ),
      bytes_billed: datasets.reduce(
        (sum, dataset) => sum + dataset.bytes_billed,
        prepared.bytesBilled,
      ),
    };
  },

  outputs: (output) =>
    output.datasets.flatMap((dataset) => [
      { path: dataset.path, sha256: dataset.sha256 },
      { path: dataset.manifest, sha256: dataset.manifest_sha256 },
    ]),

  summarize(output) {
    const rows = output.datasets.reduce((sum, dataset) => sum + dataset.rows, 0);
    const newest = output.datasets
      .map((dataset) => dataset.last)
      .sort()
      .at(-1);
    return `${output.datasets.length} tables, ${rows} rows, newest ${newest}`;
  },
};

async function exportHorizon(
  context: StageContext,
  horizon: string,
  horizonRows: number,
): Promise<ExportedDataset> {
  const final = path.join(context.paths.exports, `${horizon}.parquet`);
  const temporary = temporaryNameFor(final);
  try {
    const request = { horizon, asOf: context.asOf, file: temporary };
    const receipt = await context.warehouse.exportTable(request, context.signal);
    const dates = checkReceipt(context, horizon, receipt);
    const sha256 = await hashFile(temporary);
    await publish(temporary, final);
    const facts = {
      horizon,
      horizon_rows: horizonRows,
      path: path.relative(context.paths.root, final),
      sha256,
      rows: receipt.rows,
      columns: receipt.columns,
      ...dates,
      bytes_estimated: receipt.bytesEstimated,
      bytes_billed: receipt.bytesBilled,
    };
    const manifest = `${final}.manifest.json`;
    await replaceJson(manifest, { schema: 1, run: context.run, as_of: context.asOf, ...facts });
    return {
      ...facts,
      manifest: path.relative(context.paths.root, manifest),
      manifest_sha256: await hashFile(manifest),
    };
  } finally {
    await rm(temporary, { force: true });
  }
}

/** What must be true of every export before anyone may see it; whether it is fresh is audited. */
function checkReceipt(
  context: StageContext,
  horizon: string,
  receipt: ExportReceipt,
): { first: string; last: string } {
  if (receipt.rows === 0 || !receipt.dates) {
    throw refused(horizon, "has no rows", "Check the SQL in the prepare folder and the sources.");
  }
  const names = new Set(receipt.columns.map((column) => column.name));
  for (const required of [DATE_COLUMN, PRICE_COLUMN, targetColumn(horizon)]) {
    if (names.has(required)) continue;
    const present = [...names].slice(0, 8).join(", ");
    throw refused(horizon, `lacks the column '${required}'`, `It has: ${present}, …`);
  }
  if (receipt.dates.last > context.asOf) {
    throw refused(horizon, `has rows of ${receipt.dates.last}, after ${context.asOf}`, "");
  }
  return receipt.dates;
}

function refused(horizon: string, problem: string, remedy: string): Failure {
  return new Failure({
    code: "CBI_EXPORT_REFUSED",
    message: `the training table of ${horizon} ${problem}`,
    remedy,
    exit: ExitCode.dataRefused,
    class: "data",
  });
}
