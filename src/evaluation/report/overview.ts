import type { Evaluation } from "../evaluation.ts";
import { type ForecastRow, type PriceRow, RANDOM_WALK } from "../forecast.ts";
import { NO_NUMBER, percentNumber, plainNumber, sharePercent, signedPercent } from "../numbers.ts";
import { type HorizonVerdict, verdictOf, verdictSentence } from "../verdict.ts";
import { timeChart } from "./chart.ts";
import { html, type Markup } from "./markup.ts";

/** Price rows shown before tonight's forecasts: a trading year. */
const HISTORY_ROWS = 252;

/** The page's head: what the night found, in one sentence and one table. */
export function overview(evaluation: Evaluation): Markup {
  const verdicts = evaluation.horizons.map(verdictOf);
  return html`<header>
      <h1>${evaluation.symbol}, night of ${evaluation.as_of}</h1>
      <p class="soft small">Run ${evaluation.run}. Prices in ${evaluation.price_unit}.</p>
      <p class="lead">${verdictSentence(verdicts)}</p>
      <nav class="small">
        <a href="#tonight">Forecasts</a
        >${evaluation.horizons.map((one) => html`<a href="#horizon-${one.horizon}">${one.horizon}</a>`)}<a
          href="#words"
          >What the words mean</a
        >
      </nav>
    </header>
    <h2 id="skill">How good against a random walk</h2>
    <table class="cards">
      <caption>
        Out-of-fold: every row was predicted by a model that had not seen it nor the rows that
        overlap it. The random walk says that the price stays.
      </caption>
      <thead>
        <tr>
          <th class="text">Horizon</th>
          <th class="text">Published next</th>
          <th class="text">Model judged</th>
          <th>MAPE</th>
          <th>Random walk</th>
          <th>Skill</th>
          <th>p</th>
          <th>Direction</th>
          <th class="text">Verdict</th>
        </tr>
      </thead>
      <tbody>
        ${verdicts.map(verdictRow)}
      </tbody>
    </table>`;
}

function verdictRow(verdict: HorizonVerdict): Markup {
  const record = verdict.best;
  const metrics = record?.metrics;
  return html`<tr>
    <th scope="row"><a href="#horizon-${verdict.horizon}">${verdict.horizon}</a></th>
    <td class="text" data-label="Published next">${modelName(verdict.published)}</td>
    <td class="text" data-label="Model judged">
      ${record === undefined ? NO_NUMBER : modelName(record.algorithm)}
    </td>
    <td data-label="MAPE">${percentNumber(metrics?.mape_percent)}</td>
    <td data-label="Random walk’s MAPE">${percentNumber(verdict.randomWalk?.mape_percent)}</td>
    <td data-label="Skill">
      <span>${signedPercent(metrics?.skill)} ${skillBar(metrics?.skill ?? null)}</span>
    </td>
    <td data-label="p">${plainNumber(record?.against_random_walk.p_value, 2)}</td>
    <td data-label="Direction right">${sharePercent(metrics?.directional_accuracy)}</td>
    <td class="text wrap" data-label="Verdict">${verdict.words}</td>
  </tr>`;
}

/** A skill of −10 % to +10 % as a bar from the middle. */
function skillBar(skill: number | null): Markup | undefined {
  if (skill === null) return undefined;
  const half = 50;
  const length = Math.min(half, (Math.abs(skill) / 0.1) * half);
  const from = skill < 0 ? half - length : half;
  const tone = skill < 0 ? "loss" : "gain";
  return html`<svg class="bar" viewBox="0 0 100 12" aria-hidden="true">
    <rect class="${tone}" x="${from.toFixed(1)}" y="2" width="${length.toFixed(1)}" height="8" />
    <path class="axis" d="M50 0v12" />
  </svg>`;
}

/** Tonight's published forecasts: a fan over the price's last year, and a table. */
export function tonight(
  evaluation: Evaluation,
  forecasts: readonly ForecastRow[],
  prices: readonly PriceRow[],
): Markup {
  const shown = evaluation.horizons.flatMap(({ horizon }) => {
    const own = forecasts.filter((row) => row.horizon === horizon);
    return (
      own.find((row) => row.model_role === "champion") ??
      own.find((row) => row.model_role === "baseline") ??
      []
    );
  });
  if (shown.length === 0) {
    return html`<h2 id="tonight">Forecasts</h2>
      <p>This night published no forecast.</p>`;
  }
  return html`<h2 id="tonight">Forecasts</h2>
    <div class="charts">
      ${fan(evaluation, shown, prices)}
      <div>
        <table class="cards">
          <caption>
            What was published, with the interval that should hold
            ${sharePercent(levelOf(evaluation), 0)} of outcomes.
          </caption>
          <thead>
            <tr>
              <th class="text">Horizon</th>
              <th class="text">For</th>
              <th>Forecast</th>
              <th>Interval</th>
              <th class="text">By</th>
            </tr>
          </thead>
          <tbody>
            ${shown.map(forecastRow)}
          </tbody>
        </table>
      </div>
    </div>`;
}

function fan(
  evaluation: Evaluation,
  shown: readonly ForecastRow[],
  prices: readonly PriceRow[],
): Markup | undefined {
  const ahead = shown.toSorted((a, b) => (a.target_date < b.target_date ? -1 : 1));
  const start = ahead[0];
  if (start === undefined) return undefined;
  const now = { date: start.as_of, value: start.price_now };
  const history = prices.slice(-HISTORY_ROWS).map(({ date, price }) => ({ date, value: price }));
  const edges = ahead.map((row) => ({
    date: row.target_date,
    low: row.price_low,
    high: row.price_high,
  }));
  return timeChart({
    description: `${evaluation.symbol} over the last year and tonight's forecasts with their intervals`,
    unit: evaluation.price_unit,
    bands: [
      {
        name: "interval",
        tone: "model0",
        edges: [{ date: now.date, low: now.value, high: now.value }, ...edges],
      },
    ],
    lines: [
      { name: "price", tone: "actual", points: history },
      {
        name: "forecast",
        tone: "model0",
        dots: true,
        points: [
          now,
          ...ahead.map((row) => ({ date: row.target_date, value: row.price_predicted })),
        ],
      },
    ],
  });
}

function forecastRow(row: ForecastRow): Markup {
  const interval = `${plainNumber(row.price_low, 2)} to ${plainNumber(row.price_high, 2)}`;
  return html`<tr>
    <th scope="row">${row.horizon}</th>
    <td class="text" data-label="For"><time>${row.target_date}</time></td>
    <td data-label="Forecast">${plainNumber(row.price_predicted, 2)}</td>
    <td data-label="Interval">${interval}</td>
    <td class="text" data-label="By">${modelName(row.algorithm)}</td>
  </tr>`;
}

function levelOf(evaluation: Evaluation): number | undefined {
  return evaluation.horizons
    .flatMap((horizon) => horizon.out_of_fold.specs)
    .flatMap((spec) => spec.intervals?.level ?? [])[0];
}

/** An algorithm as a reader knows it. */
export function modelName(algorithm: string): string {
  const names: Record<string, string> = {
    [RANDOM_WALK]: "random walk",
    lightgbm_dart: "LightGBM DART",
    xgboost_dart: "XGBoost DART",
    lightgbm_gbdt: "LightGBM",
    xgboost_gbtree: "XGBoost",
    drift: "drift",
    seasonal_naive: "seasonal naive",
    mean_return: "mean return",
    ridge: "ridge regression",
    published: "published",
  };
  return names[algorithm] ?? algorithm;
}
