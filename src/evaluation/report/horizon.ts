import type { Challenge } from "../decision.ts";
import type { HorizonRows } from "../evaluate.ts";
import type {
  BaselineScore,
  ForecastRecord,
  HorizonEvaluation,
  SpecEvaluation,
} from "../evaluation.ts";
import { RANDOM_WALK } from "../forecast.ts";
import {
  counted,
  NO_NUMBER,
  percentNumber,
  plainNumber,
  sharePercent,
  signedPercent,
} from "../numbers.ts";
import { absoluteError, type Outcome } from "../outcome.ts";
import { type ChartPoint, type ChartTone, timeChart } from "./chart.ts";
import { html, type Markup } from "./markup.ts";
import { modelName } from "./overview.ts";

/** One horizon: the decision and why, the figures out of fold and live, and two plots. */
export function horizonSection(
  evaluation: HorizonEvaluation,
  rows: HorizonRows | undefined,
  priceUnit: string,
): Markup {
  const flags = evaluation.out_of_fold.specs.flatMap((spec) =>
    spec.flags.map((flag) => `${modelName(spec.algorithm)}: ${flag.message}.`),
  );
  const ahead = counted(evaluation.rows_ahead, "price row", "price rows");
  return html`<section id="horizon-${evaluation.horizon}">
    <h2>${evaluation.horizon} <span class="soft small">${ahead} ahead</span></h2>
    ${flags.map((flag) => html`<p class="flag">${flag}</p>`)} ${decision(evaluation)}
    ${outOfFold(evaluation, priceUnit)}
    ${rows === undefined ? undefined : plots(evaluation, rows, priceUnit)}
    ${live(evaluation, rows, priceUnit)}
  </section>`;
}

const OUTCOMES: Record<HorizonEvaluation["decision"]["outcome"], string> = {
  named: "Named",
  kept: "Kept",
  promoted: "Promoted",
  demoted_to_random_walk: "Back to the random walk",
};

function decision({ decision }: HorizonEvaluation): Markup {
  const weak = decision.evidence === "weak" ? " (weak evidence)" : "";
  // What spoke against each challenger stands in the table below.
  const kept = decision.outcome === "kept" && decision.challenges.length > 0;
  const reasons = kept ? decision.reasons.slice(0, 1) : decision.reasons;
  return html`<p>
      <strong>${OUTCOMES[decision.outcome]}: ${modelName(decision.champion.algorithm)}</strong
      >${weak} predicts from the next night on.
    </p>
    <ul>
      ${reasons.map((reason) => html`<li>${reason}.</li>`)}
    </ul>
    ${decision.challenges.length === 0 ? undefined : challenges(decision.challenges)}`;
}

function challenges(all: readonly Challenge[]): Markup {
  const rows = all.map(
    (one) =>
      html`<tr>
        <th scope="row">${modelName(one.algorithm)}</th>
        <td class="text" data-label="Against">${modelName(one.against)}</td>
        <td data-label="Rows">
          ${one.comparison.rows} ${one.judged_on === "live" ? "matured" : "out-of-fold"}
        </td>
        <td data-label="Lower error">${signedPercent(one.gain)}</td>
        <td data-label="DM">${plainNumber(one.comparison.statistic, 2)}</td>
        <td data-label="p">${plainNumber(one.comparison.p_value, 2)}</td>
        <td data-label="Blocks won">${one.blocks_won} of ${one.blocks}</td>
        <td class="text wrap" data-label="Test">
          ${one.passed ? "passed" : one.objections.join("; ")}
        </td>
      </tr>`,
  );
  return html`<table class="cards">
    <caption>
      Challengers, on the rows that both predicted
    </caption>
    <thead>
      <tr>
        <th class="text">Challenger</th>
        <th class="text">Against</th>
        <th>Rows</th>
        <th>Lower error</th>
        <th>DM</th>
        <th>p</th>
        <th>Blocks won</th>
        <th class="text">Test</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

function outOfFold(evaluation: HorizonEvaluation, priceUnit: string): Markup {
  const { first, last, baselines, specs } = evaluation.out_of_fold;
  if (specs.length === 0)
    return html`<h3>Out of fold</h3>
      <p>No model was trained.</p>`;
  const champion = evaluation.decision.champion.spec;
  return html`<h3>Out of fold, ${first ?? NO_NUMBER} to ${last ?? NO_NUMBER}</h3>
    <div class="scroll">
      <table>
        <thead>
          ${figureHead(priceUnit)}
        </thead>
        <tbody>
          ${specs.map((spec) => recordRow(spec, spec.spec === champion))}${baselines.map(baselineRow)}
        </tbody>
      </table>
    </div>
    <p class="soft small">
      Trading the direction of every forecast, in sleeves held to the horizon; cost
      ${sharePercent(specs[0]?.sharpe.cost, 2)} of the price a turn.
    </p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th class="text">Model</th>
            <th>Days</th>
            <th>Sharpe</th>
            <th>± error</th>
            <th>Lowest phase</th>
            <th>Highest phase</th>
            <th>P(above 0)</th>
            <th>Deflated</th>
            <th>Trials</th>
          </tr>
        </thead>
        <tbody>
          ${specs.map(sharpeRow)}
        </tbody>
      </table>
    </div>`;
}

/** The head of a table whose rows are `recordRow` and `baselineRow`. */
export function figureHead(priceUnit: string): Markup {
  return html`<tr>
    <th class="text">Model</th>
    <th>Rows</th>
    <th>MAPE</th>
    <th>sMAPE</th>
    <th>MAE, ${priceUnit}</th>
    <th>RMSE</th>
    <th>Skill</th>
    <th>MASE</th>
    <th>Direction</th>
    <th>p</th>
    <th>Coverage</th>
    <th>Width</th>
  </tr>`;
}

/** A forecaster's figures as a row; the champion's is marked. */
export function recordRow(record: ForecastRecord, isChampion: boolean): Markup {
  return html`<tr class="${isChampion ? "champion" : ""}">
    <th scope="row">${modelName(record.algorithm)}${isChampion ? " ●" : ""}</th>
    ${metricCells(record.metrics)}
    <td>${plainNumber(record.against_random_walk.p_value, 2)}</td>
    <td>${sharePercent(record.intervals?.coverage)}</td>
    <td>${percentNumber(record.intervals?.width_percent, 1)}</td>
  </tr>`;
}

/** A baseline's figures as a row. */
export function baselineRow({ name, metrics }: BaselineScore): Markup {
  return html`<tr class="baseline">
    <th scope="row">${modelName(name)}</th>
    ${metricCells(metrics)}
    <td>${NO_NUMBER}</td>
    <td>${NO_NUMBER}</td>
    <td>${NO_NUMBER}</td>
  </tr>`;
}

function metricCells(metrics: BaselineScore["metrics"]): Markup {
  const excluded = metrics.mape_excluded > 0 ? ` (−${metrics.mape_excluded})` : "";
  return html`<td>${metrics.rows}${excluded}</td>
    <td>${percentNumber(metrics.mape_percent)}</td>
    <td>${percentNumber(metrics.smape_percent)}</td>
    <td>${plainNumber(metrics.mae, 2)}</td>
    <td>${plainNumber(metrics.rmse, 2)}</td>
    <td>${signedPercent(metrics.skill)}</td>
    <td>${plainNumber(metrics.mase, 2)}</td>
    <td>${sharePercent(metrics.directional_accuracy)}</td>`;
}

function sharpeRow({ algorithm, sharpe }: SpecEvaluation): Markup {
  return html`<tr>
    <th scope="row">${modelName(algorithm)}</th>
    <td>${sharpe.days}</td>
    <td>${plainNumber(sharpe.annualised, 2)}</td>
    <td>${plainNumber(sharpe.standard_error, 2)}</td>
    <td>${plainNumber(sharpe.phases?.min, 1)}</td>
    <td>${plainNumber(sharpe.phases?.max, 1)}</td>
    <td>${sharePercent(sharpe.probability_above_zero, 0)}</td>
    <td>${sharePercent(sharpe.deflated, 0)}</td>
    <td>${sharpe.trials}</td>
  </tr>`;
}

const TONES: readonly ChartTone[] = ["model0", "model1", "model2", "model3"];

function plots(evaluation: HorizonEvaluation, rows: HorizonRows, priceUnit: string): Markup {
  const champion = evaluation.decision.champion.spec;
  const shown = rows.outOfFold.find((one) => one.spec === champion) ?? rows.outOfFold[0];
  const saved = timeChart({
    description: `Error saved against the random walk, summed over time, ${evaluation.horizon}`,
    unit: "summed error saved against the random walk; rising is better",
    zero: true,
    lines: rows.outOfFold.map((one, index) => ({
      name: modelName(one.algorithm),
      tone: TONES[index % TONES.length] ?? "model0",
      points: savedError(one.outcomes),
    })),
  });
  const compared = shown && comparedChart(evaluation.horizon, shown, rows, priceUnit);
  return html`<div class="charts">${compared}${saved}</div>`;
}

function comparedChart(
  horizon: string,
  shown: HorizonRows["outOfFold"][number],
  rows: HorizonRows,
  priceUnit: string,
): Markup | undefined {
  const index = rows.outOfFold.indexOf(shown);
  const points = (value: (outcome: Outcome) => number): ChartPoint[] =>
    shown.outcomes.map((outcome) => ({ date: outcome.date, value: value(outcome) }));
  return timeChart({
    description: `Prices ${horizon} later, as predicted out of fold and as they came`,
    unit: `price ${horizon} after the day, ${priceUnit}`,
    lines: [
      { name: "came", tone: "actual", points: points((outcome) => outcome.priceActual) },
      { name: modelName(RANDOM_WALK), tone: "walk", points: points((one) => one.priceNow) },
      {
        name: `${modelName(shown.algorithm)} said`,
        tone: TONES[index % TONES.length] ?? "model0",
        points: points((outcome) => outcome.pricePredicted),
      },
    ],
  });
}

function savedError(outcomes: readonly Outcome[]): ChartPoint[] {
  let sum = 0;
  return outcomes.map((outcome) => {
    sum += Math.abs(outcome.priceActual - outcome.priceNow) - absoluteError(outcome);
    return { date: outcome.date, value: sum };
  });
}

function live(
  evaluation: HorizonEvaluation,
  rows: HorizonRows | undefined,
  priceUnit: string,
): Markup {
  const { published, waiting, next_matures_on: day } = evaluation.live;
  const settled = day === null ? undefined : html`<time>${day}</time>`;
  if (published !== null) {
    const next =
      settled && html` ${waitingWords(waiting)}; the next will be settled on ${settled}.`;
    return liveFigures(evaluation, published, rows, priceUnit, next);
  }
  const words =
    settled === undefined
      ? html`No forecast of this horizon has been stored.`
      : html`No forecast of this horizon has matured. ${waitingWords(waiting)}; the first will be
        settled on ${settled}.`;
  return html`<h3>Live</h3>
    <p>${words}</p>`;
}

function waitingWords(waiting: number): string {
  return counted(waiting, "forecast waits", "forecasts wait");
}

function liveFigures(
  evaluation: HorizonEvaluation,
  published: ForecastRecord,
  rows: HorizonRows | undefined,
  priceUnit: string,
  next: Markup | undefined,
): Markup {
  const figures = evaluation.live;
  const chart = timeChart({
    description: `Published forecasts of ${evaluation.horizon} and what came`,
    unit: `price ${evaluation.horizon} after the day, ${priceUnit}`,
    lines: [
      { name: "came", tone: "actual", points: livePoints(rows, (one) => one.priceActual) },
      { name: "published", tone: "model0", points: livePoints(rows, (one) => one.pricePredicted) },
    ],
  });
  const count = counted(figures.matured, "matured forecast", "matured forecasts");
  return html`<h3>Live, ${figures.first ?? NO_NUMBER} to ${figures.last ?? NO_NUMBER}</h3>
    <p>${count} that were really made.${next}</p>
    <div class="scroll">
      <table>
        <thead>
          ${figureHead(priceUnit)}
        </thead>
        <tbody>
          ${recordRow(published, true)}${figures.specs.map((spec) => recordRow(spec, false))}${figures.baselines.map(baselineRow)}
        </tbody>
      </table>
    </div>
    <div class="charts">${chart}</div>`;
}

function livePoints(
  rows: HorizonRows | undefined,
  value: (outcome: Outcome) => number,
): ChartPoint[] {
  return (rows?.published ?? []).map((outcome) => ({ date: outcome.date, value: value(outcome) }));
}
