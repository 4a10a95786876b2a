import assert from "node:assert/strict";
import { test } from "node:test";
import { recordDecision, type ChampionDecision } from "../../../src/ledger/champions.ts";
import { Ledger } from "../../../src/ledger/ledger.ts";
import { nightsWithoutSkill } from "../../../src/pipeline/stages/nights-without-skill.ts";

void test("nights without skill go on from the evaluation before, of the same champion only", () => {
  using ledger = Ledger.open(":memory:");
  const decide = (facts: Partial<ChampionDecision>): void =>
    recordDecision(ledger, {
      horizon: "1w",
      asOf: "2025-12-30",
      maker: "evaluate",
      kind: "kept",
      algorithm: "lightgbm_dart",
      spec: "s",
      run: "r",
      who: undefined,
      reason: "because",
      numbers: { nights_without_skill: 3, trials: 2 },
      decidedMs: 1,
      ...facts,
    });
  const counted = (spec: string, asOf = "2025-12-31"): number =>
    nightsWithoutSkill(ledger, { horizon: "1w", spec }, asOf);
  assert.equal(counted("s"), 0);
  decide({});
  assert.equal(counted("s"), 3);
  assert.equal(counted("s", "2025-12-30"), 0, "a repeated night does not count itself");
  assert.equal(counted("t"), 0);
  decide({ asOf: "2025-12-31", maker: "person", numbers: { version: "v1" } });
  assert.equal(counted("s"), 0, "a person's word begins anew");
  decide({ asOf: "2026-01-02", numbers: { from: "an older cbi" } });
  assert.equal(counted("s", "2026-01-05"), 0);
});
