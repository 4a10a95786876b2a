import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { evaluateNight } from "../../src/evaluation/evaluate.ts";
import { renderReport } from "../../src/evaluation/report.ts";
import { html, renderMarkup } from "../../src/evaluation/report/markup.ts";
import { terminalSummary } from "../../src/evaluation/terminal-summary.ts";
import { forecast, horizonRequest, nightRequest } from "./night.ts";
import { wtiSeries } from "./wti.ts";

const wti = wtiSeries();
const last = wti.rows.length - 1;

function reportOf(request = nightRequest()): string {
  const { evaluation, rows } = evaluateNight(request);
  const forecasts = request.horizons.flatMap((horizon) => horizon.forecasts);
  return renderReport({ evaluation, rows, forecasts, prices: wti.rows });
}

/** The names of elements that are opened and never closed, or closed and never opened. */
function unbalanced(page: string): string[] {
  const empty = new Set(["meta", "path", "rect", "circle"]);
  const open: string[] = [];
  for (const [, slash, name = "", rest = ""] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*)>/g)) {
    if (empty.has(name) || rest.endsWith("/")) continue;
    if (slash === "") open.push(name);
    else if (open.at(-1) === name) open.pop();
    else return [`</${name}> inside <${open.at(-1) ?? ""}>`];
  }
  return open;
}

void test("the report is one page without scripts or network", () => {
  const page = reportOf();
  assert.doesNotMatch(page, /<script|<link|<img|<iframe|@import|url\(|\son[a-z]+=|https?:/i);
  assert.match(page, /default-src 'none'/);
  assert.deepEqual(unbalanced(page.replace("<!doctype html>", "")), []);
  assert.doesNotMatch(page, /NaN|undefined|Infinity|\[object/);
  assert.ok(page.length < 400_000, `${page.length} characters`);
});

void test("every horizon has its verdict, decision, figures and two plots", () => {
  const page = reportOf();
  for (const horizon of ["1w", "1m", "3m", "6m", "12m"]) {
    const start = page.indexOf(`<section id="horizon-${horizon}"`);
    assert.ok(start > 0, horizon);
    const section = page.slice(start, page.indexOf("</section>", start));
    assert.equal(section.match(/<figure/g)?.length, 2, horizon);
    assert.match(section, /Named:/);
    assert.match(section, /random walk/);
    assert.match(section, /has matured/);
    assert.match(section, /<th scope="row">ridge regression<\/th>\s*<td>\d+/);
  }
});

void test("names and messages from outside cannot become elements", () => {
  const evil = `</title><script>alert("x")</script>&'`;
  const request = nightRequest({ symbol: evil, priceUnit: evil, run: evil });
  const [horizon] = request.horizons;
  assert.ok(horizon);
  const specs = horizon.specs.map((spec) => ({ ...spec, algorithm: evil }));
  const forecasts = horizon.forecasts.map((row) => ({ ...row, algorithm: evil }));
  const page = reportOf({
    ...request,
    horizons: [{ ...horizon, specs, forecasts, horizon: evil }],
  });
  assert.doesNotMatch(page, /<script/);
  assert.match(page, /&lt;script&gt;/);
});

void test("markup escapes every text that it is given", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const inner = renderMarkup(html`${text}`);
      assert.doesNotMatch(inner, /[<>"']/);
      const back = inner
        .replaceAll("&lt;", "<")
        .replaceAll("&gt;", ">")
        .replaceAll("&quot;", '"')
        .replaceAll("&#39;", "'")
        .replaceAll("&amp;", "&");
      assert.equal(back, text);
    }),
  );
});

void test("matured forecasts get their own figures and plot", () => {
  const positions = Array.from({ length: 60 }, (_none, index) => last - 59 + index);
  const forecasts = positions.map((at) => forecast("1w", at, "champion", 0.01));
  const page = reportOf(nightRequest({ horizons: [horizonRequest("1w", 5, { forecasts })] }));
  assert.match(page, /55 matured forecasts that were really made/);
  assert.equal(page.match(/<figure/g)?.length, 4);
  assert.deepEqual(unbalanced(page.replace("<!doctype html>", "")), []);
});

void test("a night without models or forecasts has a report too", () => {
  const horizons = [horizonRequest("1w", 5, { specs: [], forecasts: [] })];
  const page = reportOf(nightRequest({ horizons }));
  assert.match(page, /No model was trained/);
  assert.match(page, /published no forecast/);
  assert.doesNotMatch(page, /NaN|undefined|Infinity/);
});

void test("the terminal's table names model, random walk, skill and verdict of each horizon", () => {
  const { evaluation } = evaluateNight(nightRequest());
  const lines = terminalSummary(evaluation);
  for (const { horizon } of evaluation.horizons) {
    const line = lines.find((text) => text.startsWith(`${horizon} `));
    assert.match(line ?? "", /\d+\.\d\d %\s+\d+\.\d\d %\s+[+−]?\d+\.\d %\s+\d\.\d\d/, horizon);
  }
  assert.match(lines.join("\n"), /no forecast has matured yet; the first will on 2026-01-07/);
  // Nothing that a terminal would obey, whatever names hold.
  for (const line of lines) {
    assert.doesNotMatch(line, /[\p{Cc}]/u);
    assert.ok(line.length <= 130, line);
  }
});

void test("the terminal's table counts live forecasts once some have matured", () => {
  const positions = Array.from({ length: 60 }, (_none, index) => last - 59 + index);
  const forecasts = positions.map((at) => forecast("1w", at, "champion", 0.01));
  const request = nightRequest({ horizons: [horizonRequest("1w", 5, { forecasts })] });
  const lines = terminalSummary(evaluateNight(request).evaluation);
  assert.match(lines.at(-1) ?? "", /1w: 55 forecasts matured, MAPE \d/);
});

void test("the report says what the warehouse billed, where it billed anything", () => {
  const { evaluation, rows } = evaluateNight(nightRequest());
  const request = { evaluation, rows, forecasts: [], prices: wti.rows };
  const cost = "The warehouse billed 41.9 MB; the estimate was 40.0 MB.";
  assert.equal(renderReport({ ...request, cost }).includes(`<p>${cost}</p>`), true);
  assert.equal(renderReport(request).includes("billed"), false);
});
