import {
  counted,
  NO_NUMBER,
  percentNumber,
  plainNumber,
  sharePercent,
  signedPercent,
} from "../numbers.ts";
import { RANDOM_WALK } from "../forecast.ts";
import type { Replay, ReplayForecast, ReplayHorizon } from "../replay.ts";
import { countChanges, type ReplayChange } from "../replay-changes.ts";
import { replaySentence, replayVerdict } from "../replay-verdict.ts";
import { type ChartPoint, type ChartTone, timeChart } from "./chart.ts";
import { baselineRow, figureHead, recordRow } from "./horizon.ts";
import { html, renderMarkup, type Markup } from "./markup.ts";
import { modelName } from "./overview.ts";
import { REPORT_STYLE } from "./style.ts";
import { wordList } from "./words.ts";

/**
 * The replay's report as one HTML page: no network, no script. Everything that it shows is in
 * `replay.json`; everything that comes from outside is escaped.
 */
export function renderReplayReport(replay: Replay): string {
  const title = `${replay.symbol}, replay of ${replay.from} to ${replay.to}`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'"
        />
        <title>${title}</title>
        <style>
          ${{ markup: REPORT_STYLE }}
        </style>
      </head>
      <body>
        <main>
          ${head(replay, title)} ${replay.horizons.map((one) => section(one, replay.price_unit))}
          ${nightList(replay)} ${wordList()}
        </main>
      </body>
    </html> `;
  return renderMarkup(page);
}

function head(replay: Replay, title: string): Markup {
  const step = replay.every === 1 ? "every session" : `one session in ${replay.every}`;
  return html`<header>
      <h1>${title}</h1>
      <p class="soft small">
        ${counted(replay.nights.length, "night", "nights")}, ${step}, each run as of its own day and
        knowing nothing later. Judged by prices through <time>${replay.prices_through}</time>.
        Prices in ${replay.price_unit}. Settings, features and later corrections of the data are
        today’s, which may flatter the past.
      </p>
      <p class="lead">${replaySentence(replay)}</p>
      ${replay.remarks.map((remark) => html`<p class="flag">${remark}</p>`)}
      <nav class="small">
        ${replay.horizons.map((one) => html`<a href="#horizon-${one.horizon}">${one.horizon}</a>`)}<a
          href="#nights"
          >Nights</a
        ><a href="#words">What the words mean</a>
      </nav>
    </header>
    <h2 id="skill">What was published against a random walk</h2>
    <table class="cards">
      <caption>
        Each night's published forecast beside the price that came. The random walk says that the
        price stays; nights that published it count with a skill of 0.
      </caption>
      <thead>
        <tr>
          <th class="text">Horizon</th>
          <th>Matured</th>
          <th>MAPE</th>
          <th>Random walk</th>
          <th>Skill</th>
          <th>p</th>
          <th>Direction</th>
          <th>Coverage</th>
          <th>Changes</th>
          <th class="text">Verdict</th>
        </tr>
      </thead>
      <tbody>
        ${replay.horizons.map(skillRow)}
      </tbody>
    </table>`;
}

function skillRow(horizon: ReplayHorizon): Markup {
  const record = horizon.published;
  const walk = horizon.baselines.find(({ name }) => name === RANDOM_WALK);
  return html`<tr>
    <th scope="row"><a href="#horizon-${horizon.horizon}">${horizon.horizon}</a></th>
    <td data-label="Matured">${horizon.matured} of ${horizon.nights}</td>
    <td data-label="MAPE">${percentNumber(record?.metrics.mape_percent)}</td>
    <td data-label="Random walk’s MAPE">${percentNumber(walk?.metrics.mape_percent)}</td>
    <td data-label="Skill">${signedPercent(record?.metrics.skill)}</td>
    <td data-label="p">${plainNumber(record?.against_random_walk.p_value, 2)}</td>
    <td data-label="Direction right">${sharePercent(record?.metrics.directional_accuracy)}</td>
    <td data-label="Coverage">${sharePercent(record?.intervals?.coverage)}</td>
    <td data-label="Champion changes">${countChanges(horizon.changes)}</td>
    <td class="text wrap" data-label="Verdict">${replayVerdict(horizon).words}</td>
  </tr>`;
}

function section(horizon: ReplayHorizon, unit: string): Markup {
  const ahead = counted(horizon.rows_ahead, "price row", "price rows");
  const by = Object.entries(horizon.published_by).map(
    ([name, nights]) => `${modelName(name)} on ${nights}`,
  );
  const published =
    horizon.nights === 0
      ? "No night published a forecast."
      : `Published on ${counted(horizon.nights, "night", "nights")}: ${by.join(", ")}.`;
  const waiting =
    horizon.waiting === 0
      ? ""
      : ` ${counted(horizon.waiting, "forecast waits", "forecasts wait")} for an outcome.`;
  return html`<section id="horizon-${horizon.horizon}">
    <h2>${horizon.horizon} <span class="soft small">${ahead} ahead</span></h2>
    <p>${published}${waiting}</p>
    ${figures(horizon, unit)}
    <div class="charts">${comparedChart(horizon, unit)}${savedChart(horizon, unit)}</div>
    ${changes(horizon.changes)} ${forecastList(horizon)}
  </section>`;
}

function figures(horizon: ReplayHorizon, unit: string): Markup | undefined {
  if (horizon.published === null) return undefined;
  return html`<div class="scroll">
    <table>
      <caption>
        Matured forecasts; each algorithm as if it had been published every night that it predicted
      </caption>
      <thead>
        ${figureHead(unit)}
      </thead>
      <tbody>
        ${recordRow(horizon.published, true)}${horizon.algorithms.map((one) => recordRow(one, false))}${horizon.baselines.map(baselineRow)}
      </tbody>
    </table>
  </div>`;
}

function comparedChart(horizon: ReplayHorizon, unit: string): Markup | undefined {
  const rows = settledRows(horizon).filter((row) => row.published);
  const points = (value: (row: Settled) => number): ChartPoint[] =>
    rows.map((row) => ({ date: row.as_of, value: value(row) }));
  return timeChart({
    description: `Prices ${horizon.horizon} later, as published and as they came`,
    unit: `price ${horizon.horizon} after the day, ${unit}`,
    bands: [
      {
        name: "interval",
        tone: "model0",
        edges: rows.map((row) => ({ date: row.as_of, low: row.price_low, high: row.price_high })),
      },
    ],
    lines: [
      { name: "came", tone: "actual", points: points((row) => row.price_actual) },
      { name: modelName(RANDOM_WALK), tone: "walk", points: points((row) => row.price_now) },
      { name: "published", tone: "model0", points: points((row) => row.price_predicted) },
    ],
  });
}

const OTHER_TONES: readonly ChartTone[] = ["model1", "model2", "model3"];

/** Summed error saved against the random walk: what was published, and every algorithm beside it. */
function savedChart(horizon: ReplayHorizon, unit: string): Markup | undefined {
  const rows = settledRows(horizon);
  const algorithms = horizon.algorithms.map(({ algorithm }) => algorithm);
  return timeChart({
    description: `Error saved against the random walk by what was published, summed over time, ${horizon.horizon}`,
    unit: `summed error saved against the random walk, ${unit}; rising is better`,
    zero: true,
    lines: [
      ...algorithms.map((name, index) => ({
        name: `${modelName(name)}, every night`,
        tone: OTHER_TONES[index % OTHER_TONES.length] ?? ("model1" as const),
        points: savedError(
          rows.filter((row) => row.algorithm === name && row.model_role !== "baseline"),
        ),
      })),
      {
        name: "published",
        tone: "model0" as const,
        points: savedError(rows.filter((row) => row.published)),
      },
    ],
  });
}

type Settled = ReplayForecast & { price_actual: number };

function settledRows(horizon: ReplayHorizon): Settled[] {
  return horizon.forecasts.filter((row): row is Settled => row.price_actual !== null);
}

function savedError(rows: readonly Settled[]): ChartPoint[] {
  let sum = 0;
  return rows.map((row) => {
    const walk = Math.abs(row.price_actual - row.price_now);
    sum += walk - Math.abs(row.price_actual - row.price_predicted);
    return { date: row.as_of, value: sum };
  });
}

const OUTCOMES: Record<ReplayChange["outcome"], string> = {
  named: "named",
  kept: "kept",
  promoted: "promoted",
  demoted_to_random_walk: "back to the random walk",
};

function changes(all: readonly ReplayChange[]): Markup | undefined {
  if (all.length === 0) return undefined;
  const rows = all.map(
    (one) =>
      html`<tr>
        <th scope="row"><time>${one.as_of}</time></th>
        <td class="text">${OUTCOMES[one.outcome]}</td>
        <td class="text">${one.before === null ? NO_NUMBER : modelName(one.before)}</td>
        <td class="text">${modelName(one.after)}</td>
        <td class="text">${one.from_night === null ? "after the replay" : one.from_night}</td>
        <td class="text">${one.evidence ?? NO_NUMBER}</td>
        <td class="text wrap">${one.reasons.join("; ")}</td>
      </tr>`,
  );
  return html`<div class="scroll">
    <table>
      <caption>
        When who predicts changed, and why
      </caption>
      <thead>
        <tr>
          <th class="text">Night</th>
          <th class="text">Decision</th>
          <th class="text">Before</th>
          <th class="text">After</th>
          <th class="text">Counts from</th>
          <th class="text">Evidence</th>
          <th class="text">Why</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function forecastList(horizon: ReplayHorizon): Markup | undefined {
  const published = horizon.forecasts.filter((row) => row.published);
  if (published.length === 0) return undefined;
  return html`<details>
    <summary>Every published forecast</summary>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th class="text">Night</th>
            <th class="text">By</th>
            <th>Price</th>
            <th>Forecast</th>
            <th>Interval</th>
            <th class="text">Settled on</th>
            <th>Came</th>
            <th>Error</th>
            <th>Random walk’s</th>
          </tr>
        </thead>
        <tbody>
          ${published.map(forecastRow)}
        </tbody>
      </table>
    </div>
  </details>`;
}

function forecastRow(row: ReplayForecast): Markup {
  const came = row.price_actual;
  return html`<tr>
    <th scope="row"><time>${row.night}</time></th>
    <td class="text">${modelName(row.algorithm)}</td>
    <td>${plainNumber(row.price_now, 2)}</td>
    <td>${plainNumber(row.price_predicted, 2)}</td>
    <td>${plainNumber(row.price_low, 2)} to ${plainNumber(row.price_high, 2)}</td>
    <td class="text">${row.settled_on ?? `expected ${row.target_date}`}</td>
    <td>${plainNumber(came, 2)}</td>
    <td>${plainNumber(came === null ? null : row.price_predicted - came, 2)}</td>
    <td>${plainNumber(came === null ? null : row.price_now - came, 2)}</td>
  </tr>`;
}

function nightList(replay: Replay): Markup {
  return html`<h2 id="nights">Nights</h2>
    <details>
      <summary>${counted(replay.nights.length, "night", "nights")}</summary>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th class="text">As of</th>
              <th class="text">Run</th>
              <th>Seconds</th>
              <th class="text">Ended</th>
            </tr>
          </thead>
          <tbody>
            ${replay.nights.map(
              (night) =>
                html`<tr>
                  <th scope="row"><time>${night.as_of}</time></th>
                  <td class="text">${night.run}</td>
                  <td>${night.seconds.toFixed(1)}</td>
                  <td class="text wrap">
                    ${night.error === null ? night.outcome : `${night.outcome}: ${night.error.message}`}
                  </td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>`;
}
