import type { HorizonRows } from "./evaluate.ts";
import type { Evaluation } from "./evaluation.ts";
import type { ForecastRow, PriceRow } from "./forecast.ts";
import { horizonSection } from "./report/horizon.ts";
import { html, renderMarkup } from "./report/markup.ts";
import { overview, tonight } from "./report/overview.ts";
import { REPORT_STYLE } from "./report/style.ts";
import { wordList } from "./report/words.ts";

export interface ReportRequest {
  evaluation: Evaluation;
  /** The rows behind its figures, as `evaluateNight` returns them. */
  rows: readonly HorizonRows[];
  /** The forecasts of the night, of every role. */
  forecasts: readonly ForecastRow[];
  /** The price series up to the as-of day; its last year is drawn. */
  prices: readonly PriceRow[];
  /** What the night's queries cost, as a sentence, where they cost anything. */
  cost?: string;
}

/**
 * The night's report as one HTML page: no network, no script, readable on a phone and in the dark.
 * Everything that comes from outside is escaped.
 */
export function renderReport(request: ReportRequest): string {
  const { evaluation, rows } = request;
  const sections = evaluation.horizons.map((horizon) =>
    horizonSection(
      horizon,
      rows.find((one) => one.horizon === horizon.horizon),
      evaluation.price_unit,
    ),
  );
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'"
        />
        <title>${evaluation.symbol}, night of ${evaluation.as_of}</title>
        <style>
          ${{ markup: REPORT_STYLE }}
        </style>
      </head>
      <body>
        <main>
          ${overview(evaluation)} ${tonight(evaluation, request.forecasts, request.prices)}
          ${sections} ${wordList()}
          ${request.cost === undefined ? undefined : html`<p>${request.cost}</p>`}
        </main>
      </body>
    </html> `;
  return renderMarkup(page);
}
