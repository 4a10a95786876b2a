import { readFileSync } from "node:fs";
import path from "node:path";
import { ConfigFailure, type ConfigProblem } from "../../src/config/config-failure.ts";
import { crossCheck } from "../../src/config/cross-checks.ts";
import type { ConfigOption, ParsedConfig } from "../../src/config/parse-config.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { type Config, configSchema } from "../../src/config/schema.ts";

export const root = path.resolve(import.meta.dirname, "..", "..");

/** The demo home's own `cbi.yaml`. */
export const demoText = readFileSync(path.join(root, "cbi.yaml"), "utf8");

/** The smallest valid file, for a test that adds one line to it. */
export const SMALL = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd }
horizons: { 1w: 5 }
`;

export interface Overrides {
  environment?: Record<string, string>;
  options?: readonly ConfigOption[];
}

export function parse(
  text: string,
  { environment = {}, options = [] }: Overrides = {},
): ParsedConfig<Config> {
  return parseConfig({
    schema: configSchema,
    crossCheck,
    text,
    file: "cbi.yaml",
    environment,
    options,
    remedy: "cbi config check",
  });
}

/** The problems of an invalid configuration; none for a valid one. */
export function problemsOf(text: string, overrides: Overrides = {}): readonly ConfigProblem[] {
  try {
    parse(text, overrides);
    return [];
  } catch (error) {
    if (error instanceof ConfigFailure) return error.problems;
    throw error;
  }
}

/** The problems as `2:9 symbol: …`, or `NAME symbol: …` outside the file. */
export function sentencesOf(text: string, overrides: Overrides = {}): string[] {
  return problemsOf(text, overrides).map(({ line, column, source, key, message }) => {
    const place = line === undefined ? source : `${line}:${column}`;
    return key === "" ? `${place} ${message}` : `${place} ${key}: ${message}`;
  });
}
