import { html, type Markup } from "./markup.ts";

/** The words of the report, for a reader who meets them for the first time. */
export function wordList(): Markup {
  const words: [word: string, meaning: string][] = [
    [
      "Random walk",
      "The forecast that the price stays where it is. A model is worth something only where it is closer than that.",
    ],
    [
      "Ridge regression",
      "A straight line through the models’ own features, fitted on the same folds: what trees must beat to be worth their depth. Like drift, seasonal naive and mean return it only stands beside them and is never published.",
    ],
    [
      "Skill",
      "1 − mean error of the model / mean error of the random walk, on the same rows. Above 0 is closer.",
    ],
    [
      "p",
      "The chance of so much lower an error if the model were only as good as the random walk (Diebold–Mariano, one-sided, corrected for outcomes that share days). Below 0.10 counts as evidence.",
    ],
    [
      "Out of fold",
      "The past is cut into blocks; each is predicted by a model trained only on rows whose outcome was known before it.",
    ],
    ["Live", "Forecasts that were stored on their day and whose outcome is known by now."],
    [
      "MAPE, sMAPE",
      "Mean error in percent of the price. A row (−n) shows how many prices of zero or less were left out.",
    ],
    ["MASE", "Mean error over the mean change of the price over that horizon in the years before."],
    ["Direction", "Share of forecasts on the right side of the price of the day."],
    [
      "Coverage, width",
      "Share of outcomes inside the interval, and its mean width in percent of the price.",
    ],
    [
      "Sharpe",
      "Yearly mean over deviation of the profit of trading each direction to the horizon. The phases are the ratios of trading every h-th forecast only: where they disagree, the ratio is not known. Deflated: the chance that it is above what the best of so many trials shows by luck.",
    ],
  ];
  return html`<h2 id="words">What the words mean</h2>
    <dl class="small">
      ${words.map(
        ([word, meaning]) =>
          html`<dt>${word}</dt>
            <dd>${meaning}</dd>`,
      )}
    </dl>`;
}
