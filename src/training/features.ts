import type { Config } from "../config/schema.ts";
import { DATE_COLUMN, LABEL_REASON_COLUMN, PRICE_COLUMN, SYMBOL_COLUMN } from "./training.ts";

const NEVER_FEATURES = new Set([DATE_COLUMN, PRICE_COLUMN, LABEL_REASON_COLUMN, SYMBOL_COLUMN]);

/**
 * The columns of a training table that models see, in the table's order: all but the key, the
 * price, the label with its reason, and what `train.exclude` names. The audit has refused text.
 */
export function featureColumns<Column extends { name: string }>(
  columns: readonly Column[],
  target: string,
  train: Pick<Config["train"], "exclude">,
): Column[] {
  const excluded = new Set([...NEVER_FEATURES, target, ...train.exclude]);
  return columns.filter((column) => !excluded.has(column.name));
}
