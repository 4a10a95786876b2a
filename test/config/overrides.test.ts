import assert from "node:assert/strict";
import { test } from "node:test";
import { originText } from "../../src/config/origins.ts";
import { parse, sentencesOf, SMALL } from "./support.ts";

const WITH_FOLDS = `${SMALL}train: { folds: 4 }\n`;
const FOLDS_3 = { CBI_CONFIG__train__folds: "3" };
const AS_OF = { name: "--as-of", path: ["as_of"], value: "2024-06-28" };

void test("an option wins over the environment, that over the file, that over the default", () => {
  const origin = (text: string, environment: Record<string, string>, options: (typeof AS_OF)[]) => {
    const parsed = parse(text, { environment, options });
    const found = parsed.origins.get("train.folds");
    return [parsed.config.train.folds, found && originText(found.origin)];
  };
  const option = { name: "--folds", path: ["train", "folds"], value: 2 } as never;
  assert.deepEqual(origin(SMALL, {}, []), [5, "default"]);
  assert.deepEqual(origin(WITH_FOLDS, {}, []), [4, "cbi.yaml:6"]);
  assert.deepEqual(origin(WITH_FOLDS, FOLDS_3, []), [3, "CBI_CONFIG__train__folds"]);
  assert.deepEqual(origin(WITH_FOLDS, FOLDS_3, [option]), [2, "--folds"]);
});

void test("an override is read as YAML on one line", () => {
  const { config } = parse(SMALL, {
    environment: {
      CBI_CONFIG__train__algorithms: "[xgboost_gbtree]",
      CBI_CONFIG__train__parameters: "{ xgboost_gbtree: { eta: 0.1, refresh_leaf: false } }",
      CBI_CONFIG__zone: "Europe/Berlin",
      CBI_CONFIG__warehouse__sources__brent: "raw/brent.csv",
    },
    options: [AS_OF],
  });
  assert.deepEqual(config.train.algorithms, ["xgboost_gbtree"]);
  assert.deepEqual(
    { ...config.train.parameters.xgboost_gbtree },
    { eta: 0.1, refresh_leaf: false },
  );
  assert.equal(config.zone, "Europe/Berlin");
  const { warehouse } = config;
  assert.deepEqual(Object.keys("sources" in warehouse ? warehouse.sources : {}), ["wti", "brent"]);
  assert.equal(config.as_of, "2024-06-28");
});

void test("a wrong override is told by its name, with the nearest key", () => {
  const cases: [Record<string, string>, string][] = [
    [
      { CBI_CONFIG__train__fold: "3" },
      'CBI_CONFIG__train__fold train.fold: there is no key "fold" in train; did you mean folds?',
    ],
    [
      { CBI_CONFIG__trian__folds: "3" },
      'CBI_CONFIG__trian__folds trian: there is no key "trian" at the top; did you mean train?',
    ],
    [
      { CBI_CONFIG__train__folds: "three" },
      'CBI_CONFIG__train__folds train.folds: expected a whole number from 2 to 50, got "three"',
    ],
    [
      { CBI_CONFIG__train__folds: "" },
      "CBI_CONFIG__train__folds expected a YAML value on one line, such as 3, text or [a, b], got nothing; unset it to keep the file's value",
    ],
    [
      { CBI_CONFIG__train__folds__x: "3" },
      "CBI_CONFIG__train__folds__x train.folds.x: expected a mapping at train.folds, where there is a plain value",
    ],
    [
      { CBI_CONFIG__train__exclude: "[a" },
      "CBI_CONFIG__train__exclude expected a YAML value on one line, such as 3, text or [a, b]: not valid YAML: Flow sequence must end with a ]",
    ],
    [
      { CBI_CONFIG__train: "folds: 3" },
      "CBI_CONFIG__train expected a YAML value on one line, such as 3, text or [a, b]; a mapping is written {key: value}",
    ],
    [
      { CBI_CONFIG__train____folds: "3" },
      "CBI_CONFIG__train____folds expected CBI_CONFIG__section__key, got an empty part in the name",
    ],
  ];
  for (const [environment, sentence] of cases) {
    assert.deepEqual(sentencesOf(WITH_FOLDS, { environment }), [sentence]);
  }
});

void test("an override repairs what the file has wrong at that key", () => {
  assert.deepEqual(sentencesOf(`${SMALL}train: { folds: 1 }\n`, { environment: FOLDS_3 }), []);
});

void test("a variable that only resembles an override is a warning, and others configure nothing", () => {
  const { config, warnings } = parse(SMALL, {
    environment: {
      CBI_CONFIG_train_folds: "3",
      CBI_SLOT: "nightly@2026-11-20T00:00",
      CBI_AS_OF: "x",
    },
  });
  assert.deepEqual(warnings, [
    "CBI_CONFIG_train_folds configures nothing: overrides begin with CBI_CONFIG__, two underscores",
  ]);
  assert.deepEqual(config, parse(SMALL).config);
});
