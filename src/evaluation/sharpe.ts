import { z } from "zod";
import { deflatedSharpe, momentsOf, probabilisticSharpe } from "./deflated-sharpe.ts";
import type { Outcome } from "./outcome.ts";
import type { PriceSeries } from "./price-series.ts";
import { at, longRunVariance, meanOf, sampleDeviation } from "./statistics.ts";

const TRADING_DAYS = 252;

/** A Sharpe ratio of fewer trades than this says nothing. */
const TRADES_MIN = 3;

/** What trading the direction of every forecast would have earned for its risk. */
export const sharpeSchema = z.strictObject({
  /** Days of profit and loss. */
  days: z.int().min(0),
  /** Days left out because a price on either side was zero or negative. */
  days_excluded: z.int().min(0),
  /** Share of the price paid to turn the whole position over once. */
  cost: z.number(),
  /** Mean over standard deviation of the daily profit, times √252. */
  annualised: z.number().nullable(),
  /** Its standard error, allowing for autocorrelation up to h − 1 days. */
  standard_error: z.number().nullable(),
  /** Annualised ratios of the h ways to trade only every h-th forecast. */
  phases: z.strictObject({ count: z.int(), min: z.number(), max: z.number() }).nullable(),
  /** The chance that the true ratio is above 0. */
  probability_above_zero: z.number().nullable(),
  /** The chance that it is above what the best of `trials` would show by luck. */
  deflated: z.number().nullable(),
  trials: z.int().min(0),
});

export type Sharpe = z.infer<typeof sharpeSchema>;

export interface SharpeRequest {
  /** In order of date. */
  outcomes: readonly Outcome[];
  series: PriceSeries;
  horizonRows: number;
  /** Share of the price paid to turn the whole position over once. */
  cost: number;
  /** Specs and seeds ever tried for this horizon. */
  trials: number;
  /** Sharpe ratios per day of those trials that are at hand (`dailySharpe`), this one included. */
  trialSharpes: readonly number[];
}

/**
 * The Sharpe ratio of the forecasts' directions. Outcomes h rows ahead share h − 1 days with their
 * neighbours, so annualising them by √252 overstates the ratio by about √h. Instead every forecast
 * opens one of h sleeves that is held h days, and the ratio is that of the daily profit.
 * Standard error: Lo 2002, Financial Analysts Journal 58:36, in its general form with Newey–West
 * weights up to lag h − 1, which for independent normal returns is √((1 + SR²/2)/T).
 */
export function sharpeOf(request: SharpeRequest): Sharpe {
  const { profits, excluded } = sleeveProfits(request);
  const moments = momentsOf(profits);
  const year = Math.sqrt(TRADING_DAYS);
  return {
    days: profits.length,
    days_excluded: excluded,
    cost: request.cost,
    annualised: moments === undefined ? null : moments.sharpe * year,
    standard_error: standardError(profits, request.horizonRows - 1),
    phases: phaseRange(request),
    probability_above_zero:
      moments === undefined ? null : (probabilisticSharpe(moments, 0) ?? null),
    deflated:
      moments === undefined
        ? null
        : (deflatedSharpe(moments, request.trials, request.trialSharpes) ?? null),
    trials: request.trials,
  };
}

/** The Sharpe ratio per day, as the deflated ratio takes it; undefined when profits never vary. */
export function dailySharpe(
  request: Omit<SharpeRequest, "trials" | "trialSharpes">,
): number | undefined {
  return momentsOf(sleeveProfits(request).profits)?.sharpe;
}

/**
 * The daily profits as shares of the price: r[t]·x[t−1] − cost·|x[t] − x[t−1]|, where x[t] is the
 * mean direction (−1, 0, 1) of the forecasts of the last h rows, up to t. They run from the first
 * forecast to the day on which the last sleeve closes. Days whose return needs a price ≤ 0 are
 * left out and counted.
 */
export function sleeveProfits(request: Omit<SharpeRequest, "trials" | "trialSharpes">): {
  profits: number[];
  excluded: number;
} {
  const { series, horizonRows, cost } = request;
  const signals = signalsByPosition(request.outcomes, series);
  let first = Infinity;
  let newest = -Infinity;
  for (const position of signals.keys()) {
    first = Math.min(first, position);
    newest = Math.max(newest, position);
  }
  const last = Math.min(newest + horizonRows, series.rows.length - 1);
  const profits: number[] = [];
  let excluded = 0;
  let sum = 0;
  for (let day = first; day <= last; day += 1) {
    const held = sum / horizonRows;
    sum += (signals.get(day) ?? 0) - (signals.get(day - horizonRows) ?? 0);
    const traded = Math.abs(sum / horizonRows - held);
    const change = held === 0 ? 0 : simpleReturn(series, day);
    if (change === undefined) excluded += 1;
    else profits.push(change * held - cost * traded);
  }
  return { profits, excluded };
}

function signalsByPosition(
  outcomes: readonly Outcome[],
  series: PriceSeries,
): ReadonlyMap<number, number> {
  return new Map(
    outcomes.flatMap((outcome) => {
      const position = series.positions.get(outcome.date);
      return position === undefined ? [] : [[position, signalOf(outcome)] as const];
    }),
  );
}

function signalOf(outcome: Outcome): number {
  return Math.sign(outcome.pricePredicted - outcome.priceNow);
}

function simpleReturn(series: PriceSeries, position: number): number | undefined {
  const before = series.rows[position - 1]?.price;
  const price = at(series.rows, position).price;
  return before !== undefined && before > 0 && price > 0 ? price / before - 1 : undefined;
}

/** The ratio's influence function, averaged with its autocovariances, annualised. */
function standardError(profits: readonly number[], lag: number): number | null {
  const mean = meanOf(profits);
  const deviation = sampleDeviation(profits);
  if (mean === undefined || deviation === undefined || deviation === 0) return null;
  const sharpe = mean / deviation;
  const influence = profits.map((profit) => {
    const z = (profit - mean) / deviation;
    return z - (sharpe / 2) * (z * z - 1);
  });
  return Math.sqrt((TRADING_DAYS * longRunVariance(influence, lag)) / profits.length);
}

/** Smallest and largest annualised ratio of the h ways to trade every h-th row only. */
function phaseRange(request: SharpeRequest): Sharpe["phases"] {
  const phases = new Map<number, Outcome[]>();
  for (const outcome of request.outcomes) {
    const position = request.series.positions.get(outcome.date);
    if (position === undefined || outcome.priceNow <= 0 || outcome.priceActual <= 0) continue;
    const phase = position % request.horizonRows;
    const trades = phases.get(phase);
    if (trades === undefined) phases.set(phase, [outcome]);
    else trades.push(outcome);
  }
  const ratios = [...phases.values()].flatMap((trades) => phaseSharpe(trades, request) ?? []);
  if (ratios.length === 0) return null;
  return { count: ratios.length, min: Math.min(...ratios), max: Math.max(...ratios) };
}

function phaseSharpe(trades: readonly Outcome[], request: SharpeRequest): number | undefined {
  if (trades.length < TRADES_MIN) return undefined;
  let held = 0;
  const profits = trades.map((trade) => {
    const signal = signalOf(trade);
    const paid = request.cost * Math.abs(signal - held);
    held = signal;
    return signal * (trade.priceActual / trade.priceNow - 1) - paid;
  });
  const moments = momentsOf(profits);
  return moments && moments.sharpe * Math.sqrt(TRADING_DAYS / request.horizonRows);
}
