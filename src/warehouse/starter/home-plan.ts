import { configText, emptyConfigText } from "./config-text.ts";
import type { Series } from "./series.ts";
import { featuresSql, trainingSql } from "./sql-text.ts";

/** A home that is to be made: paths are relative to it, with `/`. */
export interface HomePlan {
  folders: string[];
  /** Path → text. `cbi.yaml` is the last, so that a home cut short is none. */
  files: Record<string, string>;
  /** What the user should know, a sentence each. */
  warnings: string[];
}

/** A series for a home, and where its file will lie. */
export interface SeriesForHome {
  symbol: string;
  /** The file's name in TrainingData/raw/. */
  fileName: string;
  series: Series;
  /** Today as an ISO day. */
  today: string;
  /** Whether there are rows enough to train a horizon of so many price rows. */
  isTrainable: (horizonRows: number) => boolean;
}

const FOLDERS = ["Logs", "Models", "TrainingData/raw", "TrainingData/prepare"];
const HORIZONS = { "1w": 5, "1m": 21, "3m": 63, "6m": 126, "12m": 252 };
const SOURCE = "prices";
const DAY_MS = 24 * 60 * 60 * 1000;
// A series that is a month behind is not waiting for tonight's row.
const ENDED_DAYS = 30;

/** The plan of a home whose `cbi.yaml` is still to be filled in. */
export function emptyHomePlan(): HomePlan {
  return { folders: FOLDERS, files: { "cbi.yaml": emptyConfigText() }, warnings: [] };
}

/** The plan of a home for one price series, complete enough for `cbi run nightly`. */
export function seriesHomePlan(request: SeriesForHome): HomePlan {
  const { symbol, series, fileName } = request;
  const horizons = trainableHorizons(request);
  const shared = { symbol, source: SOURCE, horizons, ...columnsOf(series) };
  const last = series.days.at(-1) ?? request.today;
  const hasEnded = daysBetween(last, request.today) > ENDED_DAYS;
  return {
    folders: FOLDERS,
    files: {
      "TrainingData/prepare/10_features.sql": featuresSql(shared),
      "TrainingData/prepare/20_training.sql": trainingSql(shared),
      "cbi.yaml": configText({
        ...shared,
        path: `raw/${fileName}`,
        ...(series.decimal && { decimal: series.decimal }),
        ...(hasEnded ? { pinnedTo: last } : {}),
      }),
    },
    warnings: warningsOf(request, horizons, hasEnded),
  };
}

/** A symbol from a file's name: `brent spot-2024.csv` gives BRENT_SPOT_2024. */
export function symbolFromFileName(fileName: string): string {
  const stem = fileName.replace(/\..*$/, "");
  const symbol = stem
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, "_")
    .replaceAll(/^[^A-Z]+|_+$/g, "");
  return symbol.slice(0, 32).replace(/_+$/, "") || "SERIES";
}

function columnsOf(series: Series): Pick<Series, "dateColumn" | "priceColumn"> {
  return { dateColumn: series.dateColumn, priceColumn: series.priceColumn };
}

function trainableHorizons(request: SeriesForHome): Record<string, number> {
  const fitting = Object.entries(HORIZONS).filter(([, rows]) => request.isTrainable(rows));
  return fitting.length > 0 ? Object.fromEntries(fitting) : { "1w": HORIZONS["1w"] };
}

function warningsOf(
  { series, isTrainable, symbol }: SeriesForHome,
  horizons: Record<string, number>,
  hasEnded: boolean,
): string[] {
  const warnings: string[] = [];
  const { days } = series;
  const left = Object.keys(HORIZONS).filter((name) => !(name in horizons));
  if (!isTrainable(HORIZONS["1w"])) {
    warnings.push(
      `${days.length} prices are too few to train on: a horizon of 5 rows needs about 850. Bring a longer history, or lower train.folds and train.fold_rows.`,
    );
  } else if (left.length > 0) {
    warnings.push(
      `${days.length} prices are too few for ${left.join(", ")}; left out of horizons.`,
    );
  }
  const spacing = typicalGap(days);
  if (spacing > 4) {
    warnings.push(
      `prices are typically ${spacing} days apart; horizons count price rows, so rename or change 1w: 5 and the others to suit.`,
    );
  }
  if (hasEnded) {
    warnings.push(`the prices end on ${days.at(-1)}, so cbi.yaml pins as_of to that day.`);
  }
  if (series.decimal !== undefined) {
    warnings.push(
      "the numbers have decimal commas, so cbi.yaml says decimal: ',' and 70,25 is read as 70.25.",
    );
  }
  if (series.nonPositivePrices > 0) {
    warnings.push(
      `${series.nonPositivePrices} prices of ${symbol} are zero or less; labels and returns that need them are null.`,
    );
  }
  return warnings;
}

/** The median number of days between neighbours; 1 where there are none. */
function typicalGap(days: readonly string[]): number {
  const gaps = days.slice(1).map((day, index) => daysBetween(days[index] ?? day, day));
  gaps.sort((left, right) => left - right);
  return gaps[Math.floor(gaps.length / 2)] ?? 1;
}

function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}
