import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import type { Ledger } from "./ledger.ts";
import { Row } from "./row.ts";

/** The symbol that a home belongs to; undefined until it has its first model. */
export function symbolOfHome(ledger: Ledger): string | undefined {
  const row = ledger.get("SELECT symbol FROM home WHERE id = 1");
  return row && new Row(row).text("symbol");
}

/** Makes the home the symbol's, if it is no other's yet; a home of another one is a `Failure`. */
export function claimHome(ledger: Ledger, symbol: string): void {
  ledger.run("INSERT OR IGNORE INTO home (id, symbol) VALUES (1, ?)", symbol);
  assertHomeOf(ledger, symbol);
}

/**
 * Refuses, with exit code 78, to work for another symbol than the home's: champions, versions and
 * earlier exports are of one series, and would be taken for the other's.
 */
export function assertHomeOf(ledger: Ledger, symbol: string): void {
  const owner = symbolOfHome(ledger);
  if (owner === undefined || owner === symbol) return;
  throw new Failure({
    code: "CBI_HOME_SYMBOL",
    message: `this home belongs to the symbol ${owner}, whose models and champions it holds, and cbi.yaml says ${symbol}`,
    remedy: `Set it back to 'symbol: ${owner}', or make a home of its own for ${symbol}: cbi init DIR`,
    exit: ExitCode.configInvalid,
  });
}
