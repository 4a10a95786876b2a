import type { LedgerRow } from "./ledger.ts";

/**
 * Reads the columns of one row with their types. The tables are STRICT, so a column of another type
 * means that the file was written by something else: that throws. Plain code and no schema library,
 * because every command opens the ledger and few do more than that.
 */
export class Row {
  readonly #row: LedgerRow;

  constructor(row: LedgerRow) {
    this.#row = row;
  }

  text(column: string): string {
    const value = this.#row[column];
    if (typeof value === "string") return value;
    throw this.#unexpected(column, "text");
  }

  number(column: string): number {
    const value = this.#row[column];
    if (typeof value === "number") return value;
    throw this.#unexpected(column, "a number");
  }

  /** Undefined for NULL. */
  textIfAny(column: string): string | undefined {
    return this.#row[column] === null ? undefined : this.text(column);
  }

  /** Undefined for NULL. */
  numberIfAny(column: string): number | undefined {
    return this.#row[column] === null ? undefined : this.number(column);
  }

  /** One of the words that a CHECK or we ourselves allow. */
  oneOf<Word extends string>(column: string, words: readonly Word[]): Word {
    const value = this.text(column);
    const word = words.find((candidate) => candidate === value);
    if (word !== undefined) return word;
    throw this.#unexpected(column, `one of ${words.join(", ")}`);
  }

  /** A JSON text that `isExpected` recognises. */
  json<Value>(column: string, isExpected: (value: unknown) => value is Value): Value {
    const value: unknown = JSON.parse(this.text(column));
    if (isExpected(value)) return value;
    throw this.#unexpected(column, "JSON of another shape");
  }

  /** Undefined for NULL. */
  jsonIfAny<Value>(
    column: string,
    isExpected: (value: unknown) => value is Value,
  ): Value | undefined {
    return this.#row[column] === null ? undefined : this.json(column, isExpected);
  }

  #unexpected(column: string, expected: string): TypeError {
    const found = JSON.stringify(this.#row[column]);
    return new TypeError(`the ledger's column ${column} holds ${found}; expected ${expected}`);
  }
}

/** Whether a value is an object whose fields have these JavaScript types. */
export function hasFields(value: unknown, fields: Readonly<Record<string, string>>): boolean {
  if (typeof value !== "object" || value === null) return false;
  const record = value as Record<string, unknown>;
  return Object.entries(fields).every(([name, type]) => typeof record[name] === type);
}
