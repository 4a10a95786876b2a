import type { z } from "zod";
import type { Finding } from "./issue-sentences.ts";
import { isMapping } from "./key-path.ts";
import { nearest } from "./nearest.ts";
import { checkJobs } from "./schedule-checks.ts";
import { ALGORITHMS, type Config, configSchema } from "./schema.ts";
import { checkTemplates } from "./template-checks.ts";
import { parameterProblems } from "./train-parameters.ts";

const TRADING_YEAR_ROWS = 252;

/**
 * What no single value shows: that keys fit each other. Looks at the sections that are valid by
 * themselves, so that a mistake in one does not hide a mistake between others.
 */
export function crossCheck(value: unknown): Finding[] {
  const config = validSections(value);
  return [
    ...checkPriceTable(config),
    ...checkHorizons(config),
    ...checkEqualHorizons(config),
    ...checkFreshness(config),
    ...checkAlgorithms(config),
    ...checkParameters(config),
    ...checkParameterValues(config),
    ...checkInnerLimits(config),
    ...checkJobs(config),
    ...checkTemplates(config),
  ];
}

function validSections(value: unknown): Partial<Config> {
  if (!isMapping(value)) return {};
  const sections = Object.entries(configSchema.shape).flatMap(([name, schema]) => {
    const parsed = (schema as z.ZodType).safeParse(value[name]);
    return parsed.success ? [[name, parsed.data] as const] : [];
  });
  return Object.fromEntries(sections) as Partial<Config>;
}

function checkPriceTable({ price, warehouse }: Partial<Config>): Finding[] {
  if (!price || warehouse?.kind !== "duckdb") return [];
  const tables = Object.keys(warehouse.sources);
  if (tables.includes(price.table)) return [];
  const guess = nearest(price.table, tables);
  const known = tables.length === 0 ? "there is none yet" : tables.join(", ");
  const hint = guess === undefined ? `warehouse.sources has: ${known}` : `did you mean ${guess}?`;
  const message = `expected the name of a table in warehouse.sources, got "${price.table}"; ${hint}`;
  return [{ path: ["price", "table"], at: "value", message }];
}

/** A window must hold, for each horizon, the purge gap before its label and rows to learn from. */
function checkHorizons({ horizons, train }: Partial<Config>): Finding[] {
  if (!horizons || !train || train.window === "all") return [];
  const windowRows = Number.parseInt(train.window, 10) * TRADING_YEAR_ROWS;
  return Object.entries(horizons)
    .filter(([, rows]) => rows + train.publication_lag + TRADING_YEAR_ROWS > windowRows)
    .map(([name, rows]) => ({
      path: ["horizons", name],
      at: "value",
      message:
        `expected the horizon and a year to learn from within the training window of ${train.window} ` +
        `(${windowRows} rows), got ${rows} price rows; widen train.window or set it to all`,
    }));
}

/** Two names of one horizon would train, publish and judge the same thing twice. */
function checkEqualHorizons({ horizons }: Partial<Config>): Finding[] {
  const entries = Object.entries(horizons ?? {});
  return entries.flatMap(([name, rows], index) => {
    const same = entries.slice(0, index).find(([, others]) => others === rows);
    if (!same) return [];
    const message = `expected each number of price rows once, got ${rows}, which ${same[0]} has`;
    return [{ path: ["horizons", name], at: "value", message }];
  });
}

function checkFreshness({ audit }: Partial<Config>): Finding[] {
  if (!audit || audit.freshness.warn <= audit.freshness.error) return [];
  const { warn, error } = audit.freshness;
  const message = `expected at most audit.freshness.error, which is ${error}, got ${warn}`;
  return [{ path: ["audit", "freshness", "warn"], at: "value", message }];
}

function checkAlgorithms({ train }: Partial<Config>): Finding[] {
  const names = train?.algorithms ?? [];
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [
          {
            path: ["train", "algorithms", index],
            at: "value",
            message: `expected each algorithm once, got ${name} again`,
          },
        ],
  );
}

/** Parameters of an algorithm that does not train would be a wish without effect. */
function checkParameters({ train }: Partial<Config>): Finding[] {
  if (!train) return [];
  return Object.keys(train.parameters)
    .filter((name) => !train.algorithms.some((algorithm) => algorithm === name))
    .map((name) => ({
      path: ["train", "parameters", name],
      at: "key",
      message: `expected one of train.algorithms (${train.algorithms.join(", ")}), got ${name}, which is not trained`,
    }));
}

/** What the training would refuse once the night is under way. */
function checkParameterValues({ train }: Partial<Config>): Finding[] {
  return ALGORITHMS.flatMap((algorithm) => {
    const chosen = train?.parameters[algorithm] ?? {};
    return parameterProblems(algorithm, chosen).map(({ name, at, why }) => ({
      path: ["train", "parameters", algorithm, name],
      at,
      message: `${name} ${why}`,
    }));
  });
}

function checkInnerLimits({ train }: Partial<Config>): Finding[] {
  if (!train || train.patience <= train.rounds_max) return [];
  const message = `expected at most train.rounds_max, which is ${train.rounds_max}, got ${train.patience}`;
  return [{ path: ["train", "patience"], at: "value", message }];
}
