/** A column of a file that may become a home's series, as far as choosing needs to know it. */
export interface CandidateColumn {
  name: string;
  /** In DuckDB's words. */
  type: string;
  /** Whether its values are days in one form that leaves no doubt. */
  isDay: boolean;
}

/** The columns that were chosen, or those among which a person must. */
export type Choice = { chosen: string } | { candidates: string[] };

const DATE_NAMES = [
  /^(trade|trading|observation|price)?[ _-]?(date|day|datum)$/i,
  /date/i,
  /^time(stamp)?$/i,
];

// From what settles a day to what merely is a number; a volume is never a price.
const PRICE_NAMES = [
  /^settle(ment)?([ _-]?price)?$/i,
  /^adj(usted)?[ ._-]?close$/i,
  /^close([ _-]?price)?$/i,
  /^(spot|last)?[ _-]?price$/i,
  /price|settle|close/i,
  /^(last|value|rate|usd.*|eur.*)$/i,
];
const NEVER_PRICES =
  /volume|open[ _-]?interest|^(open|high|low|oi|vol|id|year|month|day|change|pct.*)$/i;

/** The column of days: the only one, or the one whose name says so best. */
export function chooseDate(columns: readonly CandidateColumn[]): Choice {
  const days = columns.filter((column) => column.isDay).map(({ name }) => name);
  return chooseByName(days, DATE_NAMES);
}

/** The column of prices among the numbers beside the column of days. */
export function choosePrice(columns: readonly CandidateColumn[], date: string): Choice {
  const numbers = columns
    .filter(({ name, type }) => name !== date && isNumber(type))
    .map(({ name }) => name);
  const prices = numbers.filter((name) => !NEVER_PRICES.test(name));
  return chooseByName(prices.length > 0 ? prices : numbers, PRICE_NAMES);
}

/** Whether a type of DuckDB holds numbers. */
export function isNumber(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/.test(type);
}

function chooseByName(names: string[], patterns: readonly RegExp[]): Choice {
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return { chosen: only };
  for (const pattern of patterns) {
    const [hit, ...more] = names.filter((name) => pattern.test(name));
    if (hit !== undefined && more.length === 0) return { chosen: hit };
    if (hit !== undefined) break;
  }
  return { candidates: names };
}
