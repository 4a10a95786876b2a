import { z } from "zod";
import type { ForecastRow } from "../../evaluation/forecast.ts";
import { settledForecasts } from "../../evaluation/settlement.ts";
import { canonicalJson, hashText } from "../../system/files.ts";
import type { Stage, StageContext } from "../stage.ts";
import type { PredictOutput } from "./predict.ts";

export const uploadOutputSchema = z.strictObject({
  table: z.string(),
  views: z.array(z.string()),
  rows: z.int(),
  /** Earlier forecasts that matured and now carry the date of the row that settled them. */
  rows_settled: z.int(),
  /** SHA-256 of the rows as they were read back. */
  sha256: z.string(),
  bytes_billed: z.number(),
  jobs: z.array(z.string()),
});

export type UploadOutput = z.infer<typeof uploadOutputSchema>;

/**
 * Publishes tonight's forecasts in the warehouse and proves them by reading them back. Keyed, so a
 * repeated night replaces its rows and never doubles them.
 */
export const uploadStage: Stage<"upload", { predict: PredictOutput }, UploadOutput> = {
  name: "upload",
  version: 1,
  output: uploadOutputSchema,
  limits: { attempts: 4, deadlineMs: 15 * 60_000 },

  fingerprint: async ({ predict }, context) => ({
    rows: hashRows(predict.forecasts),
    warehouse: context.config.warehouse,
  }),

  async run({ predict }, context) {
    const receipt = await context.warehouse.upload(predict.forecasts, context.signal);
    const settled = await settleMatured(context);
    return {
      table: receipt.table,
      views: receipt.views,
      rows: receipt.rows,
      rows_settled: settled,
      sha256: hashRows(predict.forecasts),
      bytes_billed: receipt.bytesBilled,
      jobs: receipt.jobs,
    };
  },

  outputs: () => [],

  async verify(output, { predict }, context) {
    const days = predict.forecasts.map((row) => row.as_of).sort();
    const stored = await context.warehouse.forecasts({
      symbol: context.config.symbol,
      ...(days[0] === undefined ? {} : { asOfMin: days[0] }),
      asOfMax: days.at(-1) ?? context.asOf,
    });
    const published = new Set(predict.forecasts.map((row) => `${row.as_of} ${row.horizon}`));
    const ours = stored.filter((row) => published.has(`${row.as_of} ${row.horizon}`));
    return hashRows(ours) === output.sha256
      ? undefined
      : `${output.table} holds other rows than were uploaded`;
  },

  summarize(output) {
    const settled =
      output.rows_settled === 0 ? "" : `; ${output.rows_settled} earlier ones settled`;
    return `${output.rows} rows in ${output.table}, read back${settled}`;
  },
};

/**
 * A forecast aims at the h-th next session; once matured it carries the date of the price row that
 * settled it, since a series may lack sessions. Days are uploaded whole, as the warehouse takes them.
 */
async function settleMatured(context: StageContext): Promise<number> {
  const { symbol } = context.config;
  const forecasts = await context.warehouse.forecasts({ symbol, asOfMax: context.asOf });
  const prices = await context.warehouse.prices(context.asOf);
  const { groups, changed } = settledForecasts(forecasts, prices, context.config.horizons);
  for (const group of groups) await context.warehouse.upload(group, context.signal);
  return changed;
}

/** A hash of rows that does not depend on their order. */
function hashRows(rows: readonly ForecastRow[]): string {
  return hashText(rows.map(canonicalJson).sort().join("\n"));
}
