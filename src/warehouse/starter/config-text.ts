/** What the first `cbi.yaml` of a home says. */
export interface StarterConfig {
  symbol: string;
  /** The source's name, and its path relative to TrainingData/. */
  source: string;
  path: string;
  dateColumn: string;
  priceColumn: string;
  decimal?: ",";
  horizons: Readonly<Record<string, number>>;
  /** The data's last day, where it lies so far back that the home must be pinned to it. */
  pinnedTo?: string;
}

/** `cbi.yaml` for a series that is there. */
export function configText(config: StarterConfig): string {
  const horizons = Object.entries(config.horizons).map(([name, rows]) => `${name}: ${rows}`);
  const pin =
    config.pinnedTo === undefined
      ? ""
      : `# The data end here, so a run knows what was known then. Delete the line when they go on.\nas_of: ${config.pinnedTo}\n`;
  const decimal = config.decimal === undefined ? "" : `, decimal: "${config.decimal}"`;
  return `# The home of ${config.symbol}. \`cbi config check\` checks this file, \`cbi run nightly\` runs a night on it.
version: 1
symbol: ${config.symbol} # what is forecast; one symbol a home
zone: America/New_York # the time zone of the jobs
calendar: XNYS # which days are sessions; freshness and target dates count in them
${pin}
warehouse:
  kind: duckdb # embedded: TrainingData/warehouse.duckdb
  sources: # your CSV or Parquet files as tables, relative to TrainingData/
    ${config.source}: { path: ${scalar(config.path)}, date: ${scalar(config.dateColumn)}${decimal} } # rows after the as-of date are hidden
  prepare: prepare/ # *.sql, in order of name; they make training.${config.symbol.toLowerCase()}_<horizon>

price: { table: ${config.source}, date: ${scalar(config.dateColumn)}, column: ${scalar(config.priceColumn)} }
horizons: { ${horizons.join(", ")} } # price rows ahead

train:
  algorithms: [lightgbm_dart, xgboost_dart]
  window: 10y # how far back one training looks
  seed: 7

jobs:
  nightly: { kind: pipeline, stale_after: 26h }
`;
}

/** `cbi.yaml` for a home without data: what is left empty is what must be filled in. */
export function emptyConfigText(): string {
  return `# A home of cbi. Fill in what is empty; \`cbi config check\` says what is missing.
# Shorter: cbi init --from prices.csv writes this file and the SQL for you.
version: 1
symbol: # what is forecast, such as WTI; one symbol a home
zone: America/New_York # the time zone of the jobs
calendar: XNYS # which days are sessions; freshness and target dates count in them

warehouse:
  kind: duckdb # embedded: TrainingData/warehouse.duckdb
  sources: {} # your CSV or Parquet files as tables, relative to TrainingData/: { prices: raw/prices.csv }
  prepare: prepare/ # *.sql, in order of name; they make training.<symbol>_<horizon>

price: # the series that is forecast
  table: # a table of warehouse.sources, such as prices
  date: date # its column of days
  column: # its column of prices, such as close
horizons: { 1w: 5, 1m: 21, 3m: 63, 6m: 126, 12m: 252 } # price rows ahead

jobs:
  nightly: { kind: pipeline, stale_after: 26h }
`;
}

/** A text as a YAML scalar that is safe in braces. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z][\w./-]*$/.test(text) && !/^(true|false|null|none)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}
