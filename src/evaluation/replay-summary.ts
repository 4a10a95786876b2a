import { RANDOM_WALK } from "./forecast.ts";
import { counted, percentNumber, plainNumber, sharePercent, signedPercent } from "./numbers.ts";
import type { Replay, ReplayHorizon } from "./replay.ts";
import { countChanges } from "./replay-changes.ts";
import { replaySentence, replayVerdict } from "./replay-verdict.ts";

/**
 * A replay as lines of plain text for a terminal: what was published, how it turned out, and when
 * champions changed. No colours, no control characters.
 */
export function replaySummary(replay: Replay): string[] {
  const head = [
    "horizon",
    "nights",
    "matured",
    "MAPE",
    "random walk",
    "skill",
    "p",
    "direction",
    "coverage",
    "changes",
    "",
  ];
  return [
    `${replay.symbol}, ${counted(replay.nights.length, "night", "nights")} from ${replay.from} to ${replay.to}. ${replaySentence(replay)}`,
    `Published forecasts, judged by prices through ${replay.prices_through} that no night could see:`,
    "",
    ...aligned([head, ...replay.horizons.map(figures)]),
    "",
    ...replay.horizons.flatMap(changeLines),
    ...replay.remarks.map((remark) => `note: ${remark}`),
  ];
}

function figures(horizon: ReplayHorizon): string[] {
  const record = horizon.published;
  const walk = horizon.baselines.find(({ name }) => name === RANDOM_WALK);
  return [
    horizon.horizon,
    String(horizon.nights),
    String(horizon.matured),
    percentNumber(record?.metrics.mape_percent),
    percentNumber(walk?.metrics.mape_percent),
    signedPercent(record?.metrics.skill),
    plainNumber(record?.against_random_walk.p_value, 2),
    sharePercent(record?.metrics.directional_accuracy, 0),
    sharePercent(record?.intervals?.coverage, 0),
    String(countChanges(horizon.changes)),
    replayVerdict(horizon).words,
  ];
}

const CHANGES_MAX = 6;

function changeLines(horizon: ReplayHorizon): string[] {
  const shown = horizon.changes.slice(-CHANGES_MAX);
  const left = horizon.changes.length - shown.length;
  return [
    ...(left > 0 ? [`  ${horizon.horizon}: ${left} earlier changes, see the report`] : []),
    ...shown.map((one) => {
      const from = one.before === null ? "" : ` (before: ${one.before})`;
      return `  ${horizon.horizon} ${one.as_of} ${one.outcome}: ${one.after}${from}. ${one.reasons.join("; ")}`;
    }),
  ];
}

function aligned(table: readonly string[][]): string[] {
  const widths = (table[0] ?? []).map((_cell, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  const last = widths.length - 1;
  return table.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || column === last ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd(),
  );
}
