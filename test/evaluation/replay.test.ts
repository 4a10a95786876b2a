import assert from "node:assert/strict";
import { test } from "node:test";
import { RANDOM_WALK_SPEC } from "../../src/evaluation/decision.ts";
import { RANDOM_WALK, type ForecastRow } from "../../src/evaluation/forecast.ts";
import { at } from "../../src/evaluation/statistics.ts";
import { judgeReplay, replaySchema, type Replay } from "../../src/evaluation/replay.ts";
import { countChanges, replayChanges } from "../../src/evaluation/replay-changes.ts";
import type { ReplayChoice, ReplayNight } from "../../src/evaluation/replay-night.ts";
import { replaySummary } from "../../src/evaluation/replay-summary.ts";
import { replaySentence, replayVerdict } from "../../src/evaluation/replay-verdict.ts";
import { renderReplayReport } from "../../src/evaluation/report/replay.ts";
import { isClose, wtiSeries } from "./wti.ts";

const SERIES = wtiSeries();
const ROWS = 5;
const SETTINGS = { interval: 0.8, calibration_rows: 250, cost: 0.0005 };
const OLD = { spec: "old", algorithm: "lightgbm_gbdt" };
const NEW = { spec: "new", algorithm: "xgboost_gbtree" };

/** Every `step`-th day of 2023 and 2024 in the series. */
function days(step: number): string[] {
  const dates = SERIES.rows.map((row) => row.date);
  return dates.filter((date) => date >= "2023" && date < "2025").filter((_, n) => n % step === 0);
}

function choice(
  outcome: ReplayChoice["outcome"],
  previous: ReplayChoice["previous"],
  champion: ReplayChoice["champion"],
): ReplayChoice {
  return { outcome, previous, champion, evidence: null, reasons: [`${outcome} it was`] };
}

/** A night whose models say the price of the day times e^return. */
function night(
  asOf: string,
  returns: { old: number; new: number },
  champion = OLD,
  decision = choice("kept", champion, champion),
): ReplayNight {
  const price = at(SERIES.rows, SERIES.positions.get(asOf) ?? -1).price;
  const row = (role: ForecastRow["model_role"], algorithm: string, log: number): ForecastRow => ({
    symbol: "WTI",
    as_of: asOf,
    horizon: "1w",
    target_date: asOf,
    model_role: role,
    algorithm,
    model_version: algorithm,
    price_now: price,
    price_predicted: price * Math.exp(log),
    price_low: price * 0.9,
    price_high: price * 1.1,
    return_predicted: log,
    run: "r",
  });
  const role = (spec: string): ForecastRow["model_role"] =>
    spec === champion.spec ? "champion" : "challenger";
  return {
    as_of: asOf,
    run: "r",
    outcome: "done",
    error: null,
    seconds: 1,
    version: "1",
    code: "c",
    forecasts: [
      row("baseline", RANDOM_WALK, 0),
      row(role("new"), NEW.algorithm, returns.new),
      row(role("old"), OLD.algorithm, returns.old),
    ],
    horizons: [{ horizon: "1w", champion: { ...champion, version: "v" }, named: null, decision }],
  };
}

function judge(nights: readonly ReplayNight[], nightsAsked = nights.length): Replay {
  const replay = judgeReplay({
    symbol: "WTI",
    priceUnit: "usd_per_barrel",
    from: "2023-01-01",
    to: "2025-12-31",
    every: 1,
    nightsAsked,
    nights,
    horizons: { "1w": ROWS },
    series: SERIES,
    settings: SETTINGS,
  });
  return replaySchema.parse(JSON.parse(JSON.stringify(replay)));
}

/** The log return that really came. */
function came(asOf: string): number {
  const position = SERIES.positions.get(asOf) ?? -1;
  return Math.log(at(SERIES.rows, position + ROWS).price / at(SERIES.rows, position).price);
}

void test("skill is that of what was published, whoever predicted, and not of one model", () => {
  const dates = days(ROWS);
  const half = Math.floor(dates.length / 2);
  // The old model halves the walk's log error, the new one doubles it; then they exchange places.
  const nights = dates.map((date, index) => {
    const [good, bad] = [came(date) / 2, -came(date)];
    return index < half
      ? night(date, { old: good, new: bad }, OLD)
      : night(date, { old: bad, new: good }, NEW);
  });
  const [horizon] = judge(nights).horizons;
  assert.ok(horizon);
  assert.equal(horizon.matured, dates.length);
  assert.equal(horizon.stretches, dates.length);
  assert.deepEqual(horizon.published_by, {
    [OLD.algorithm]: half,
    [NEW.algorithm]: dates.length - half,
  });
  const errors = dates.map((date) => {
    const position = SERIES.positions.get(date) ?? -1;
    const [now, later] = [at(SERIES.rows, position).price, at(SERIES.rows, position + ROWS).price];
    return { walk: Math.abs(later - now), own: Math.abs(later - Math.sqrt(now * later)) };
  });
  const sum = (key: "walk" | "own"): number => errors.reduce((all, one) => all + one[key], 0);
  assert.ok(isClose(horizon.published?.metrics.skill, 1 - sum("own") / sum("walk")));
  for (const { algorithm, metrics } of horizon.algorithms) {
    assert.ok((metrics.skill ?? 0) < 0.1, `${algorithm} alone was half as good`);
  }
  assert.equal(replayVerdict(horizon).kind, "better");
});

void test("outcomes that share days are not counted as independent", () => {
  const [horizon] = judge(
    days(1).map((date) => night(date, { old: came(date) / 2, new: 0 })),
  ).horizons;
  assert.ok(horizon);
  assert.equal(horizon.matured, days(1).length);
  assert.ok(isClose(horizon.stretches, days(1).length / ROWS));
});

void test("few outcomes, and those of chance, are not called better", () => {
  const few = judge(
    days(50)
      .slice(0, 8)
      .map((date) => night(date, { old: came(date) / 2, new: 0 })),
  );
  const [fewest] = few.horizons;
  assert.ok(fewest);
  assert.deepEqual(replayVerdict(fewest), {
    kind: "maybe_better",
    words: "lower error, too few outcomes to tell",
  });
  const walked = judge([
    { ...night(at(days(50), 0), { old: 0.01, new: 0 }), forecasts: [] },
    ...days(50).map((date) => {
      const one = night(date, { old: 0.01, new: 0 }, RANDOM_WALK_SPEC);
      return { ...one, forecasts: one.forecasts };
    }),
  ]);
  assert.match(replaySentence(walked), /was the random walk itself on 1\.$/);
  assert.equal(walked.horizons[0]?.published?.metrics.skill, 0);
});

void test("a forecast without its price waits and is no outcome", () => {
  const [horizon] = judge([
    night("2025-12-22", { old: 0.01, new: 0 }),
    night("2025-12-31", { old: 0.01, new: 0 }),
  ]).horizons;
  assert.deepEqual([horizon?.matured, horizon?.waiting, horizon?.nights], [1, 1, 2]);
  const rows = horizon?.forecasts.filter((row) => row.published) ?? [];
  assert.deepEqual(
    rows.map((row) => [row.settled_on, row.price_actual === null]),
    [
      ["2025-12-30", false],
      [null, true],
    ],
  );
});

void test("a change counts from the next night that predicted; a naming counts at once", () => {
  const [first = "", second = "", third = "", fourth = ""] = days(1);
  const nights = [
    { ...night(first, { old: 0, new: 0 }) },
    night(second, { old: 0, new: 0 }, OLD, choice("promoted", OLD, NEW)),
    {
      ...night(third, { old: 0, new: 0 }),
      outcome: "refused" as const,
      forecasts: [],
      horizons: [],
    },
    night(fourth, { old: 0, new: 0 }, NEW, choice("demoted_to_random_walk", NEW, RANDOM_WALK_SPEC)),
  ];
  const [opening] = at(nights, 0).horizons;
  if (opening) opening.named = choice("named", null, OLD);
  const changes = replayChanges(nights, "1w");
  assert.deepEqual(
    changes.map((one) => [one.as_of, one.from_night, one.outcome, one.before, one.after]),
    [
      [first, first, "named", null, OLD.algorithm],
      [second, fourth, "promoted", OLD.algorithm, NEW.algorithm],
      [fourth, null, "demoted_to_random_walk", NEW.algorithm, RANDOM_WALK],
    ],
  );
  assert.equal(countChanges(changes), 2);
  assert.match(judge(nights).remarks.join(), new RegExp(`published nothing: ${third}\\.`));
});

void test("an unfinished replay and one of two programs say so", () => {
  const [first = "", second = ""] = days(1);
  const nights = [
    night(first, { old: 0, new: 0 }),
    { ...night(second, { old: 0, new: 0 }), version: "2", code: "d" },
  ];
  const remarks = judge(nights, 9).remarks.join("\n");
  assert.match(remarks, /Only 2 of 9 nights are done/);
  assert.match(remarks, /changed between the nights \(1, 2\)/);
});

void test("what comes from outside is text in the page, and the summary has no controls", () => {
  const one = night(at(days(1), 0), { old: 0.01, new: 0 });
  const hostile = {
    ...one,
    run: "<script>alert(1)</script>",
    outcome: "refused" as const,
    error: { code: "CBI_X", message: "<img src=x>" },
  };
  const replay = judge([hostile]);
  const page = renderReplayReport(replay);
  assert.doesNotMatch(page, /<script|<img/);
  assert.match(page, /&lt;img src=x&gt;/);
  const lines = replaySummary(replay);
  assert.ok(lines.every((line) => !/\p{Cc}/u.test(line)));
  assert.ok(lines.some((line) => line.startsWith("1w ")));
});

void test("a replay of nothing can be judged and shown", () => {
  const replay = judge([], 3);
  assert.equal(replay.horizons[0]?.published, null);
  assert.match(replaySentence(replay), /has not matured on 1/);
  assert.match(renderReplayReport(replay), /No night published a forecast/);
  assert.match(replaySummary(replay).join("\n"), /nothing has matured/);
});
