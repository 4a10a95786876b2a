import { z } from "zod";
import type { Config } from "../config/schema.ts";
import { judgeOf, PUBLISHED } from "./evaluate.ts";
import { baselineSchema, recordSchema, type ForecastRecord } from "./evaluation.ts";
import { forecastRowSchema, type ForecastRow } from "./forecast.ts";
import { outcomesOfMatured, splitByMaturity } from "./maturity.ts";
import { type Outcome, overlapOf } from "./outcome.ts";
import type { PriceSeries } from "./price-series.ts";
import { replayChangeSchema, replayChanges } from "./replay-changes.ts";
import { replayNightSchema, type ReplayNight } from "./replay-night.ts";

/** The version of `replay.json`; raised when a key changes its meaning or goes. */
export const REPLAY_SCHEMA = 1;

const daySchema = z.iso.date();

const replayForecastSchema = z.strictObject({
  ...forecastRowSchema.omit({ symbol: true, horizon: true }).shape,
  /** The night that made it; `as_of` is the newest day with a price that it knew. */
  night: daySchema,
  /** Whether this is the row that a reader was shown. */
  published: z.boolean(),
  /** The day and price that settled it; null while they are not known. */
  settled_on: daySchema.nullable(),
  price_actual: z.number().nullable(),
});

const replayHorizonSchema = z.strictObject({
  horizon: z.string(),
  rows_ahead: z.int().min(1),
  /** Nights that published, and how many of their forecasts have an outcome. */
  nights: z.int().min(0),
  matured: z.int().min(0),
  waiting: z.int().min(0),
  /** About how many of the outcomes share no days with another. */
  stretches: z.number().min(0),
  /** Nights on which each algorithm was the one published. */
  published_by: z.record(z.string(), z.int().min(0)),
  /** What was published against the random walk; null when nothing has matured. */
  published: recordSchema.nullable(),
  /** Each algorithm as if it had been published every night, champion or challenger. */
  algorithms: z.array(recordSchema),
  baselines: z.array(baselineSchema),
  changes: z.array(replayChangeSchema),
  forecasts: z.array(replayForecastSchema),
});

/** `replay.json`: what past nights would have published, and how it turned out. */
export const replaySchema = z.strictObject({
  schema: z.literal(REPLAY_SCHEMA),
  symbol: z.string(),
  price_unit: z.string(),
  from: daySchema,
  to: daySchema,
  /** Every n-th session. */
  every: z.int().min(1),
  /** Nights from `from` to `to`; more than `nights` has while the replay is not through. */
  nights_asked: z.int().min(1),
  /** The newest price by which outcomes were judged; no night could see it. */
  prices_through: daySchema,
  nights: z.array(replayNightSchema.omit({ forecasts: true, horizons: true })),
  horizons: z.array(replayHorizonSchema),
  /** What a reader should know before the numbers. */
  remarks: z.array(z.string()),
});

export type Replay = z.infer<typeof replaySchema>;
export type ReplayHorizon = Replay["horizons"][number];
export type ReplayForecast = ReplayHorizon["forecasts"][number];

export interface ReplayRequest {
  symbol: string;
  priceUnit: string;
  from: string;
  to: string;
  every: number;
  nightsAsked: number;
  /** Those that are done, in order of their day. */
  nights: readonly ReplayNight[];
  /** Name to price rows ahead. */
  horizons: Readonly<Record<string, number>>;
  /** Every price known today. */
  series: PriceSeries;
  settings: Config["evaluate"];
}

/**
 * Judges replayed nights by the full price series: what was published, beside the random walk on
 * the same days. A pure function of its request.
 */
export function judgeReplay(request: ReplayRequest): Replay {
  const { symbol, from, to, every, nights, series } = request;
  return {
    schema: REPLAY_SCHEMA,
    symbol,
    price_unit: request.priceUnit,
    from,
    to,
    every,
    nights_asked: request.nightsAsked,
    prices_through: series.rows.at(-1)?.date ?? to,
    nights: nights.map(({ forecasts: _forecasts, horizons: _horizons, ...night }) => night),
    horizons: Object.entries(request.horizons).map(([horizon, rows]) =>
      judgeHorizon(horizon, rows, request),
    ),
    remarks: remarksOn(nights, request.nightsAsked),
  };
}

/** The row that a night showed for a horizon: the champion's, or the random walk's without one. */
export function publishedOf(rows: readonly ForecastRow[]): ForecastRow | undefined {
  return (
    rows.find((row) => row.model_role === "champion") ??
    rows.find((row) => row.model_role === "baseline")
  );
}

function judgeHorizon(
  horizon: string,
  horizonRows: number,
  { nights, series, settings }: ReplayRequest,
): ReplayHorizon {
  const made = nights.flatMap((night) => {
    const rows = night.forecasts.filter((row) => row.horizon === horizon);
    const shown = publishedOf(rows);
    return rows.map((row) => ({ row, night: night.as_of, isPublished: row === shown }));
  });
  const judge = judgeOf({ horizonRows }, { series, settings });
  const settled = (rows: readonly ForecastRow[]) => {
    const { matured, waiting } = splitByMaturity(rows, series, horizonRows);
    return { ...outcomesOfMatured(matured, series, horizonRows), matured, waiting };
  };
  const recordOf = (name: string, rows: readonly ForecastRow[]): ForecastRecord | null => {
    const { outcomes, intervals } = settled(rows);
    return judge.record({ spec: name, algorithm: name }, outcomes, intervals);
  };
  const published = made.filter((one) => one.isPublished).map((one) => one.row);
  const competing = made.map((one) => one.row).filter((row) => row.model_role !== "baseline");
  const algorithms = [...new Set(competing.map((row) => row.algorithm))].sort();
  const all = settled(published);
  return {
    horizon,
    rows_ahead: horizonRows,
    nights: published.length,
    matured: all.matured.length,
    waiting: all.waiting.length,
    stretches: stretchesOf(all.outcomes, series, horizonRows),
    published_by: counts(published.map((row) => row.algorithm)),
    published: recordOf(PUBLISHED, published),
    algorithms: algorithms.flatMap(
      (name) =>
        recordOf(
          name,
          competing.filter((row) => row.algorithm === name),
        ) ?? [],
    ),
    baselines: judge.baselines(all.outcomes),
    changes: replayChanges(nights, horizon),
    forecasts: made
      .filter(({ row, isPublished }) => isPublished || row.model_role !== "baseline")
      .map(({ row, night, isPublished }) => {
        const [outcome] = splitByMaturity([row], series, horizonRows).matured;
        const { symbol: _symbol, horizon: _horizon, ...rest } = row;
        return {
          ...rest,
          night,
          published: isPublished,
          settled_on: outcome?.realisedDate ?? null,
          price_actual: outcome?.priceActual ?? null,
        };
      }),
  };
}

function stretchesOf(
  outcomes: readonly Outcome[],
  series: PriceSeries,
  horizonRows: number,
): number {
  const positions = outcomes.flatMap((outcome) => series.positions.get(outcome.date) ?? []);
  return outcomes.length / overlapOf(positions, horizonRows);
}

function counts(names: readonly string[]): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const name of names) counted[name] = (counted[name] ?? 0) + 1;
  return counted;
}

function remarksOn(nights: readonly ReplayNight[], asked: number): string[] {
  const remarks: string[] = [];
  if (nights.length < asked) {
    remarks.push(
      `Only ${nights.length} of ${asked} nights are done; the same command does the rest.`,
    );
  }
  const refused = nights.filter((night) => night.outcome === "refused");
  if (refused.length > 0) {
    const days = refused.map((night) => night.as_of);
    const shown = days.slice(0, 5).join(", ");
    const more = days.length > 5 ? ` and ${days.length - 5} more` : "";
    remarks.push(`Nights that refused their data and published nothing: ${shown}${more}.`);
  }
  if (new Set(nights.map((night) => night.code)).size > 1) {
    const versions = [...new Set(nights.map((night) => night.version))].join(", ");
    remarks.push(
      `cbi itself changed between the nights (${versions}); replay with --fresh for one and the same.`,
    );
  }
  return remarks;
}
