import assert from "node:assert/strict";
import { test } from "node:test";
import { assertHomeOf, claimHome, symbolOfHome } from "../../src/ledger/home-symbol.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { Failure } from "../../src/system/failure.ts";

void test("a home is its first symbol's, and refuses another with exit code 78", () => {
  using ledger = Ledger.open(":memory:");
  assertHomeOf(ledger, "WTI");
  assertHomeOf(ledger, "BRENT");
  assert.equal(symbolOfHome(ledger), undefined);
  claimHome(ledger, "WTI");
  claimHome(ledger, "WTI");
  assertHomeOf(ledger, "WTI");
  for (const refuse of [assertHomeOf, claimHome]) {
    assert.throws(
      () => refuse(ledger, "BRENT"),
      (error) =>
        error instanceof Failure &&
        error.exit === 78 &&
        /belongs to the symbol WTI.* says BRENT/.test(error.message) &&
        /symbol: WTI.*cbi init/.test(error.remedy ?? ""),
    );
  }
  assert.equal(symbolOfHome(ledger), "WTI");
});
