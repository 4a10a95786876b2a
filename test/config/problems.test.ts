import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigFailure } from "../../src/config/config-failure.ts";
import { demoText, parse, problemsOf, sentencesOf, SMALL } from "./support.ts";

/** What one more line in the smallest file is answered with. */
const ONE_LINE: readonly (readonly [line: string, sentence: string])[] = [
  [
    "zone: Amerika/New_York",
    '6:7 zone: expected an IANA time zone such as America/New_York, got "Amerika/New_York"; did you mean America/New_York?',
  ],
  [
    "zone: Chicago",
    '6:7 zone: expected an IANA time zone such as America/New_York, got "Chicago"; did you mean America/Chicago?',
  ],
  ["zone: +05:00", '6:7 zone: expected an IANA time zone such as America/New_York, got "+05:00"'],
  ["calender: XNYS", '6:1 calender: there is no key "calender" at the top; did you mean calendar?'],
  ["Calendar: XNYS", '6:1 Calendar: there is no key "Calendar" at the top; did you mean calendar?'],
  ["folds: 3", '6:1 folds: there is no key "folds" at the top; did you mean train.folds?'],
  ["calendar: XNYX", '6:11 calendar: there is no calendar "XNYX"; did you mean XNYS?'],
  ["as_of: 2025-02-30", '6:8 as_of: expected a date such as 2025-12-31, got "2025-02-30"'],
  ["as_of: 20251231", "6:8 as_of: expected a date such as 2025-12-31, got 20251231"],
  ["train: { fold: 3 }", '6:10 train.fold: there is no key "fold" in train; did you mean folds?'],
  ["train: { folds: 1 }", "6:17 train.folds: expected a whole number from 2 to 50, got 1"],
  ["train: { folds: 2.5 }", "6:17 train.folds: expected a whole number from 2 to 50, got 2.5"],
  [
    'train: { folds: "5" }',
    '6:17 train.folds: expected a whole number from 2 to 50, got "5"; write it without quotes',
  ],
  ["train: { folds: }", "6:17 train.folds: expected a whole number from 2 to 50, got nothing"],
  [
    "train:",
    "6:7 train: expected a mapping with the keys algorithms, folds, fold_rows, window, seed, rounds_max, patience, publication_lag, exclude, parameters, workers, got nothing",
  ],
  [
    "train: { workers: atuo }",
    '6:19 train.workers: expected auto, or a whole number from 1 to 64, got "atuo"; did you mean auto?',
  ],
  [
    "train: { workers: 0 }",
    "6:19 train.workers: expected auto, or a whole number from 1 to 64, got 0",
  ],
  [
    "train: { window: 10 }",
    "6:18 train.window: expected a number of years such as 10y, or all, got 10",
  ],
  [
    "train: { algorithms: [lightgbm_dar] }",
    '6:23 train.algorithms[0]: expected one of lightgbm_dart, xgboost_dart, lightgbm_gbdt, xgboost_gbtree, got "lightgbm_dar"; did you mean lightgbm_dart?',
  ],
  [
    "train: { algorithms: lightgbm_dart }",
    '6:22 train.algorithms: expected a list of one or more of lightgbm_dart, xgboost_dart, lightgbm_gbdt, xgboost_gbtree, got "lightgbm_dart"',
  ],
  [
    "train: { algorithms: [] }",
    "6:22 train.algorithms: expected a list of one or more of lightgbm_dart, xgboost_dart, lightgbm_gbdt, xgboost_gbtree, got an empty list",
  ],
  [
    "train: { algorithms: [lightgbm_dart, lightgbm_dart] }",
    "6:38 train.algorithms[1]: expected each algorithm once, got lightgbm_dart again",
  ],
  [
    "train: { parameters: { lightgbm_dart: { leaves: [1] } } }",
    "6:49 train.parameters.lightgbm_dart.leaves: expected a number, text, true or false, got a list",
  ],
  [
    "train: { parameters: { lightgbm_drt: {} } }",
    '6:24 train.parameters.lightgbm_drt: there is no key "lightgbm_drt" in train.parameters; did you mean lightgbm_dart?',
  ],
  [
    "train: { parameters: { lightgbm_gbdt: {} } }",
    "6:24 train.parameters.lightgbm_gbdt: expected one of train.algorithms (lightgbm_dart, xgboost_dart), got lightgbm_gbdt, which is not trained",
  ],
  [
    "train: { parameters: { lightgbm_dart: { num_leavs: 31 } } }",
    "6:41 train.parameters.lightgbm_dart.num_leavs: num_leavs is no parameter of LightGBM that can be chosen; did you mean num_leaves?",
  ],
  [
    "train: { parameters: { lightgbm_dart: { objective: huber } } }",
    "6:41 train.parameters.lightgbm_dart.objective: objective is set by cbi and cannot be changed",
  ],
  [
    "train: { parameters: { xgboost_dart: { rate_drop: 0 } } }",
    "6:51 train.parameters.xgboost_dart.rate_drop: rate_drop must be above 0: without it nothing drops",
  ],
  [
    "train: { patience: 400 }",
    "6:20 train.patience: expected at most train.rounds_max, which is 200, got 400",
  ],
  [
    "train: { seed: 08 }",
    "6:16 train.seed: expected a number without a leading zero, got 08: some YAML readers take it as octal. Leave the zero out, or put text in quotes",
  ],
  [
    "train: { window: 1y }",
    "5:17 horizons.1w: expected the horizon and a year to learn from within the training window of 1y (252 rows), got 5 price rows; widen train.window or set it to all",
  ],
  [
    "jobs: { nightly: { kind: pipeline, stale_after: 26 } }",
    "6:49 jobs.nightly.stale_after: expected a duration such as 90s, 15m, 26h or 7d, got 26",
  ],
  [
    "jobs: { nightly: { kind: pipeline, stale_after: 26 h } }",
    '6:49 jobs.nightly.stale_after: expected a duration such as 90s, 15m, 26h or 7d, got "26 h"',
  ],
  [
    "jobs: { nightly: { stale_after: 26h } }",
    "6:9 jobs.nightly.kind: missing: expected pipeline, command or service",
  ],
  [
    "jobs: { nightly: { kind: pipelin } }",
    '6:26 jobs.nightly.kind: expected pipeline, command or service, got "pipelin"; did you mean pipeline?',
  ],
  [
    "jobs: { nightly: { kind: pipeline, schedule: ['0 25 * * *'] } }",
    "6:47 jobs.nightly.schedule[0]: hour, position 3: expected 0 to 23, a range, a list or *; '25' came",
  ],
  [
    "jobs: { nightly: { kind: pipeline, schedule: [open-15m], calendar: XNYZ } }",
    '6:68 jobs.nightly.calendar: there is no calendar "XNYZ"; did you mean XNYS?',
  ],
  [
    "jobs: { a: { kind: command, argv: [x], every: 15m, between: { from: open, to: 25:00 } } }",
    "6:79 jobs.a.between.to: position 1: expected a time such as 09:30, open, close, open-15m or close+1h; '25:00' came",
  ],
  [
    "jobs: { a: { kind: command, argv: [x], phase: open } }",
    "6:40 jobs.a.phase: expected schedule or every beside phase, got neither",
  ],
  [
    "jobs: { a: { kind: command, argv: [x], after: [scam] }, scan: { kind: command, argv: [x] } }",
    '6:48 jobs.a.after[0]: there is no job "scam"; did you mean scan?',
  ],
  [
    "jobs: { a: { kind: command, argv: [x], after: [a] } }",
    "6:48 jobs.a.after[0]: expected another job, got a itself",
  ],
  [
    "jobs: { a: { kind: command, argv: [x], gates: [{ fresh: f.csv, wiat: 5m }] } }",
    '6:64 jobs.a.gates[0].wiat: there is no key "wiat" in jobs.a.gates[0]; did you mean wait?',
  ],
  [
    "jobs: { a: { kind: command, argv: [x], gates: [{ wait: 5m }] } }",
    "6:48 jobs.a.gates[0]: expected a mapping with one of output, fresh, disk, ac_power, confirm, command, got a mapping",
  ],
  [
    "jobs: { a: { kind: command, argv: ls -l } }",
    '6:35 jobs.a.argv: expected a list of program and arguments, such as [python, scripts/scan.py], got "ls -l"',
  ],
  [
    "jobs: { a: { kind: command, argv: [x], exit_codes: { 300: done } } }",
    '6:54 jobs.a.exit_codes.300: expected a name of this form: an exit code from 0 to 255, or other; got "300"',
  ],
  [
    "jobs: { a: { kind: service, argv: [x], until: clsoe+5m } }",
    "6:47 jobs.a.until: position 1: expected a time such as 09:30, open, close, open-15m or close+1h; 'clsoe+5m' came",
  ],
  [
    "calendars: { SOY: { file: soy.csv } }",
    "6:14 calendars.SOY: missing: expected zone, open, close of a calendar of your own",
  ],
  [
    "calendars: { XNYS: { zone: UTC } }",
    "6:22 calendars.XNYS.zone: expected only file here, got zone: XNYS is built in and has its own",
  ],
  [
    "jobs: { Nightly: { kind: pipeline } }",
    '6:9 jobs.Nightly: expected a name of this form: a lower-case letter, then lower-case letters, digits or -; got "Nightly"',
  ],
  [
    "jobs: { nightly: { kind: pipeline, stages: { trian: {} } } }",
    '6:46 jobs.nightly.stages.trian: there is no key "trian" in jobs.nightly.stages; did you mean train?',
  ],
  [
    "audit: { freshness: { warn: 9 } }",
    "6:29 audit.freshness.warn: expected at most audit.freshness.error, which is 4, got 9",
  ],
  [
    "retention: { models: { age: 3 } }",
    "6:29 retention.models.age: expected a duration such as 90s, 15m, 26h or 7d, got 3",
  ],
  ["symbol: X", "6:1 symbol: this key is here a second time; keep one of them"],
  ["zone: *z", "6:7 zone: aliases (*name) are not read; write the value out where it is needed"],
  ["zone: !zone America/New_York", "6:7 tags (!name) are not read; write the plain value"],
  [
    "__proto__: { a: 1 }",
    '6:1 __proto__: there is no key "__proto__" at the top; known at the top: version, symbol, zone, calendar, calendars, as_of, warehouse, price, horizons, train, evaluate, audit, retention, jobs',
  ],
];

for (const [line, sentence] of ONE_LINE) {
  void test(`'${line}' is answered with its place and what was expected`, () => {
    const text = `${SMALL}${line}\n`;
    const [first, ...others] = sentencesOf(text);
    assert.equal(first, sentence);
    assert.deepEqual(others, []);
  });
}

void test("a name of the price table that is no source gets the nearest source", () => {
  const text = SMALL.replace("table: wti", "table: wit");
  assert.deepEqual(sentencesOf(text), [
    '4:17 price.table: expected the name of a table in warehouse.sources, got "wit"; did you mean wti?',
  ]);
});

void test("a second horizon of as many price rows is a mistake that names the first", () => {
  const text = SMALL.replace(/horizons: .*/, "horizons: { 1w: 5, 1m: 21, 4w: 21 }");
  assert.deepEqual(sentencesOf(text), [
    "5:32 horizons.4w: expected each number of price rows once, got 21, which 1m has",
  ]);
});

void test("a source may be a mapping, and its mistakes are told as a mapping's", () => {
  const withPath = SMALL.replace("wti: raw/wti.csv", "wti: { pth: raw/wti.csv }");
  assert.deepEqual(sentencesOf(withPath), [
    "3:39 warehouse.sources.wti.path: missing: expected a path such as raw/prices.csv",
    '3:46 warehouse.sources.wti.pth: there is no key "pth" in warehouse.sources.wti; did you mean path?',
  ]);
  assert.deepEqual(sentencesOf(SMALL.replace("wti: raw/wti.csv", "wti: 3")), [
    "3:44 warehouse.sources.wti: expected a path such as raw/prices.csv, or a mapping with path and date, got 3",
  ]);
});

void test("horizons are text on the left and price rows on the right", () => {
  assert.deepEqual(Object.keys(parse(SMALL.replace("1w: 5", "12m: 252, 3: 63")).config.horizons), [
    "3",
    "12m",
  ]);
  assert.deepEqual(sentencesOf(SMALL.replace("1w: 5", "1W: 5, 3m: 99999, 6m: 1e9")), [
    '5:13 horizons.1W: expected a name of this form: 1 to 8 lower-case letters or digits, such as 3m; got "1W"',
    "5:24 horizons.3m: expected a whole number from 1 to 2520, got 99999",
    "5:35 horizons.6m: expected a whole number from 1 to 2520, got 1000000000",
  ]);
  assert.deepEqual(sentencesOf(SMALL.replace("{ 1w: 5 }", "{}")), [
    "5:11 horizons: expected at least one horizon, such as { 1w: 5 }, got an empty mapping",
  ]);
});

void test("every problem is told at once, in the order of the file, never as zod says it", () => {
  const text = `version: 2
symbol: 9x
calender: XNYS
as_of: today
warehouse: { kind: duckb, sources: { wti: 3, "b r": x } }
price: { table: wti }
horizons: { 1W: 5, 1m: 2.5 }
train: { folds: 1, seed: a, workers: atuo, exclude: 3 }
jobs: { nightly: { kind: comand, stale_after: 26 } }
`;
  const problems = problemsOf(text);
  assert.deepEqual(
    problems.map(({ key }) => key),
    [
      "version",
      "symbol",
      "calender",
      "as_of",
      "warehouse.kind",
      "warehouse.sources.wti",
      'warehouse.sources["b r"]',
      "price.date",
      "price.column",
      "horizons.1W",
      "horizons.1m",
      "train.folds",
      "train.seed",
      "train.workers",
      "train.exclude",
      "jobs.nightly.argv",
      "jobs.nightly.kind",
      "jobs.nightly.stale_after",
    ],
  );
  for (const { message } of problems) assert.doesNotMatch(message, /Invalid|Unrecognized|received/);
});

void test("a mistake in one section does not hide that others do not fit each other", () => {
  const text = `${SMALL.replace("table: wti", "table: oil")}train: { folds: 1 }\naudit: { freshness: { warn: 9 } }\n`;
  assert.deepEqual(
    problemsOf(text).map(({ key }) => key),
    ["price.table", "train.folds", "audit.freshness.warn"],
  );
});

void test("the message carries file, line, column, the line itself and a caret", () => {
  assert.throws(
    () => parse(demoText.replace("folds: 5", "folds: 1")),
    (error: unknown) => {
      assert.ok(error instanceof ConfigFailure);
      assert.equal(error.code, "CBI_CONFIG_INVALID");
      assert.equal(error.exit, 78);
      const line = demoText.split("\n").findIndex((one) => one.includes("folds: 5")) + 1;
      assert.equal(
        error.message,
        `cbi.yaml is not valid: 1 problem\n\n  cbi.yaml:${line}:10  train.folds: expected a whole number ` +
          `from 2 to 50, got 1\n      ${line} |   folds: 1\n         |          ^\n`,
      );
      return true;
    },
  );
});

void test("broken YAML is told by line, without guesses at what it may have meant", () => {
  const cases: [string, RegExp][] = [
    [`${SMALL}\ttrain: 1\n`, /tabs cannot indent YAML; use spaces/],
    [`${SMALL}train: { folds: 3\n`, /a { or \[ before this place is not closed/],
    [`${SMALL}---\nversion: 1\n`, /a second document begins here/],
    [`${SMALL}a\n`, /not valid YAML/],
    [`${SMALL}zone: "America\n`, /not valid YAML/],
    ["[".repeat(100_000), /nested deeper than 32 levels|not valid YAML/],
    [`${SMALL}train: ${"{a: ".repeat(40)}1${"}".repeat(40)}\n`, /there is no key "a" in train/],
  ];
  for (const [text, expected] of cases) {
    const sentences = sentencesOf(text);
    assert.ok(sentences.length > 0);
    assert.match(sentences.join("\n"), expected);
  }
});

void test("an empty file and one without keys say what belongs there", () => {
  assert.deepEqual(sentencesOf(""), ["cbi.yaml expected a configuration, got an empty file"]);
  assert.deepEqual(sentencesOf("# nothing yet\n"), [
    "cbi.yaml expected a configuration, got an empty file",
  ]);
  assert.deepEqual(sentencesOf("hello"), [
    "1:1 expected keys with values at the top of the file, such as version: 1",
  ]);
});

void test("line ends of Windows and a byte order mark change nothing", () => {
  const windows = demoText.replaceAll("\n", "\r\n");
  assert.deepEqual(parse(windows).config, parse(demoText).config);
  const [problem] = problemsOf(windows.replace("folds: 5", "folds: 1"));
  assert.doesNotMatch(problem?.excerpt?.join("") ?? "", /\r/);
});

void test("dates and words such as yes stay text", () => {
  const { config } = parse(
    `${SMALL}as_of: 2025-12-31\ntrain: { exclude: [yes, no, 2020-01-01] }\n`,
  );
  assert.equal(config.as_of, "2025-12-31");
  assert.deepEqual(config.train.exclude, ["yes", "no", "2020-01-01"]);
});

void test("thousands of problems are counted and kept, and a hundred are spelled out", () => {
  const text = SMALL + Array.from({ length: 3000 }, (_, index) => `k${index}: 1\n`).join("");
  assert.throws(
    () => parse(text),
    (error: unknown) => {
      assert.ok(error instanceof ConfigFailure);
      assert.equal(error.problems.length, 3000);
      assert.match(error.message, /: 3000 problems\n/);
      assert.match(error.message, /\n {2}and 2900 more\n$/);
      return true;
    },
  );
});
