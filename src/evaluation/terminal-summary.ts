import type { Evaluation } from "./evaluation.ts";
import { counted, percentNumber, plainNumber, sharePercent, signedPercent } from "./numbers.ts";
import { verdictOf, verdictSentence } from "./verdict.ts";

/**
 * The night's result as lines of plain text for a terminal: how good each horizon's model was out
 * of fold beside the random walk, and what is known of forecasts really made. At most 130 columns
 * for names of ours; no colours, no control characters.
 */
export function terminalSummary(evaluation: Evaluation): string[] {
  const verdicts = evaluation.horizons.map(verdictOf);
  const head = [
    "horizon",
    "published",
    "model",
    "MAPE",
    "random walk",
    "skill",
    "p",
    "direction",
    "",
  ];
  const rows = verdicts.map((verdict) => [
    verdict.horizon,
    verdict.published,
    verdict.best?.algorithm ?? "",
    percentNumber(verdict.best?.metrics.mape_percent),
    percentNumber(verdict.randomWalk?.mape_percent),
    signedPercent(verdict.best?.metrics.skill),
    plainNumber(verdict.best?.against_random_walk.p_value, 2),
    sharePercent(verdict.best?.metrics.directional_accuracy, 0),
    verdict.words,
  ]);
  return [
    `${evaluation.symbol} as of ${evaluation.as_of}. ${verdictSentence(verdicts)}`,
    "Out-of-fold figures (rows the model was not trained on), beside the random walk's on the same rows:",
    "",
    ...aligned([head, ...rows]),
    "",
    ...liveLines(evaluation),
  ];
}

/** Columns from the fourth on are numbers and stand to the right. */
const FIRST_NUMBER = 3;
const LAST_NUMBER = 7;

function aligned(table: readonly string[][]): string[] {
  const widths: number[] = [];
  for (const row of table) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  return table.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        const right = column >= FIRST_NUMBER && column <= LAST_NUMBER;
        return right ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

function liveLines(evaluation: Evaluation): string[] {
  const matured = evaluation.horizons.filter((horizon) => horizon.live.matured > 0);
  if (matured.length === 0) {
    const days = evaluation.horizons.flatMap((horizon) => horizon.live.next_matures_on ?? []);
    const first = days.toSorted()[0];
    return [
      first === undefined
        ? "Live figures: no forecast has been stored yet."
        : `Live figures: no forecast has matured yet; the first will on ${first}.`,
    ];
  }
  return [
    "Live figures (forecasts really made whose outcome is known):",
    ...matured.map(({ horizon, live }) => {
      const mape = percentNumber(live.published?.metrics.mape_percent);
      const skill = signedPercent(live.published?.metrics.skill);
      const count = counted(live.matured, "forecast", "forecasts");
      return `  ${horizon}: ${count} matured, MAPE ${mape}, skill ${skill}`;
    }),
  ];
}
