import type { OutOfFoldRow } from "./forecast.ts";
import { at } from "./statistics.ts";

/** A forecast beside what came of it. Prices are in the unit of the price column. */
export interface Outcome {
  /** The day whose close the forecast knew. */
  date: string;
  /** The part of time it is counted with: its fold, or its stretch of h rows when live. */
  block: number;
  priceNow: number;
  priceActual: number;
  pricePredicted: number;
}

/** Out-of-fold rows in price terms: a log return ŷ forecasts the price P·exp(ŷ), its median. */
export function outcomesOfFolds(rows: readonly OutOfFoldRow[]): Outcome[] {
  return rows.map((row) => ({
    date: row.date,
    block: row.fold,
    priceNow: row.price,
    priceActual: row.price * Math.exp(row.actual),
    pricePredicted: row.price * Math.exp(row.predicted),
  }));
}

/** The same rows as the random walk would have forecast them: the price of the day. */
export function asRandomWalk(outcomes: readonly Outcome[]): Outcome[] {
  return outcomes.map((outcome) => ({ ...outcome, pricePredicted: outcome.priceNow }));
}

/** Absolute error in price. */
export function absoluteError(outcome: Outcome): number {
  return Math.abs(outcome.priceActual - outcome.pricePredicted);
}

/** The outcomes of two forecasters on the days that both forecast, in order of date. */
export function onSameDays(
  left: readonly Outcome[],
  right: readonly Outcome[],
): { left: Outcome[]; right: Outcome[] } {
  const byDate = new Map(right.map((outcome) => [outcome.date, outcome]));
  const pairs = left.flatMap((outcome) => {
    const other = byDate.get(outcome.date);
    return other === undefined ? [] : [{ left: outcome, right: other }];
  });
  pairs.sort((a, b) => (a.left.date < b.left.date ? -1 : 1));
  return { left: pairs.map((pair) => pair.left), right: pairs.map((pair) => pair.right) };
}

/**
 * How many rows one outcome shares days with, itself included: h when every day has a forecast,
 * fewer when only every n-th night made one. `positions` are rows of the price series, ascending.
 */
export function overlapOf(positions: readonly number[], horizonRows: number): number {
  let most = 1;
  let oldest = 0;
  for (const [newest, position] of positions.entries()) {
    while (at(positions, oldest) <= position - horizonRows) oldest += 1;
    most = Math.max(most, newest - oldest + 1);
  }
  return most;
}
