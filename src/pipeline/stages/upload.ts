import { z } from "zod";
import type { ForecastRow } from "../../evaluation/forecast.ts";
import { asForecast, settledForecasts, withSettledDates } from "../../evaluation/settlement.ts";
import { messageOf } from "../../system/failure.ts";
import { canonicalJson, hashText } from "../../system/files.ts";
import type { Stage, StageContext } from "../stage.ts";
import type { PredictOutput } from "./predict.ts";

export const uploadOutputSchema = z.strictObject({
  table: z.string(),
  views: z.array(z.string()),
  rows: z.int(),
  /** SHA-256 of the rows as they were read back, save their target dates, which settling moves. */
  sha256: z.string(),
  bytes_estimated: z.number(),
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
  version: 3,
  output: uploadOutputSchema,
  limits: { attempts: 4, deadlineMs: 15 * 60_000 },

  fingerprint: async ({ predict }, context) => ({
    rows: hashText(predict.forecasts.map(canonicalJson).sort().join("\n")),
    warehouse: context.config.warehouse,
  }),

  async run({ predict }, context) {
    const stored = await context.warehouse.forecasts({
      symbol: context.config.symbol,
      ...since(predict.forecasts),
    });
    const rows = withSettledDates(predict.forecasts, stored);
    const receipt = await context.warehouse.upload(rows, context.signal);
    return {
      table: receipt.table,
      views: receipt.views,
      rows: receipt.rows,
      sha256: hashRows(predict.forecasts),
      bytes_estimated: receipt.bytesEstimated,
      bytes_billed: receipt.bytesBilled,
      jobs: receipt.jobs,
    };
  },

  outputs: () => [],

  async verify(output, { predict }, context) {
    const newest =
      predict.forecasts
        .map((row) => row.as_of)
        .sort()
        .at(-1) ?? context.asOf;
    const { symbol } = context.config;
    const stored = await context.warehouse.forecasts({
      symbol,
      ...since(predict.forecasts),
      asOfMax: newest,
    });
    const published = new Set(predict.forecasts.map((row) => `${row.as_of} ${row.horizon}`));
    const ours = stored.filter((row) => published.has(`${row.as_of} ${row.horizon}`));
    return hashRows(ours) === output.sha256
      ? undefined
      : `${output.table} holds other rows than were uploaded`;
  },

  async afterwards(_output, _input, context) {
    await dropRetiredViews(context);
    const settled = await settleMatured(context);
    return settled === 0 ? undefined : `${settled} earlier ones settled`;
  },

  summarize: (output) => `${output.rows} rows in ${output.table}, read back`,
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

/** A view of a horizon that is gone would show its last forecast for ever. */
async function dropRetiredViews({ warehouse, signal, warn }: StageContext): Promise<void> {
  try {
    for (const view of await warehouse.dropRetiredViews(signal)) {
      warn(`the view ${view} was dropped: cbi.yaml no longer has its horizon; its forecasts stay`);
    }
  } catch (error) {
    signal.throwIfAborted();
    // What is published is published; the next run tries again.
    warn(`a view of a horizon that is gone could not be dropped: ${messageOf(error)}`);
  }
}

/** From the oldest day of the rows on. */
function since(rows: readonly ForecastRow[]): { asOfMin?: string } {
  const oldest = rows.map((row) => row.as_of).sort()[0];
  return oldest === undefined ? {} : { asOfMin: oldest };
}

/** A hash of what rows say that does not depend on their order. */
function hashRows(rows: readonly ForecastRow[]): string {
  return hashText(asForecast(rows).map(canonicalJson).sort().join("\n"));
}
