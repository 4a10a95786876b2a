import assert from "node:assert/strict";
import { test } from "node:test";
import {
  aliases,
  aliasOf,
  championBefore,
  decisionInForce,
  decisions,
  moveChampion,
  recordDecision,
  recordVersion,
  versionsOf,
  type ChampionDecision,
} from "../../src/ledger/champions.ts";
import { RANDOM_WALK } from "../../src/evaluation/forecast.ts";
import { dayOfPersonsDecision, lastChange } from "../../src/ledger/decision-history.ts";
import { Ledger } from "../../src/ledger/ledger.ts";

void test("each night's champion keeps the one before it; saying it twice or for an older day changes nothing", () => {
  using ledger = Ledger.open(":memory:");
  const move = (version: string, asOf: string) =>
    moveChampion(ledger, {
      horizon: "1w",
      algorithm: "lightgbm_dart",
      spec: "s",
      version,
      asOf,
      run: "r",
      movedMs: 1,
    });
  assert.equal(move("v1", "2025-12-30"), true);
  assert.equal(move("v2", "2025-12-31"), true);
  assert.equal(move("v2", "2025-12-31"), false);
  assert.equal(move("v0", "2025-12-29"), false);
  assert.deepEqual(
    aliases(ledger).map(({ alias, version }) => `${alias} ${version}`),
    ["champion v2", "previous v1"],
  );
  assert.equal(aliasOf(ledger, "1m", "champion"), undefined);
});

void test("a night sees the champion of the nights before it, whatever it has named itself", () => {
  using ledger = Ledger.open(":memory:");
  const move = (version: string, asOf: string) =>
    moveChampion(ledger, {
      horizon: "1w",
      algorithm: "lightgbm_dart",
      spec: "s",
      version,
      asOf,
      run: "r",
      movedMs: 1,
    });
  const seen = (asOf: string) => championBefore(ledger, "1w", asOf)?.version;
  assert.equal(seen("2025-12-31"), undefined);
  move("v1", "2025-12-30");
  assert.equal(seen("2025-12-30"), undefined);
  assert.equal(seen("2025-12-31"), "v1");
  move("v2", "2025-12-31");
  assert.equal(seen("2025-12-31"), "v1");
  assert.equal(seen("2026-01-02"), "v2");
});

void test("the random walk is a champion without a version, and is not moved night after night", () => {
  using ledger = Ledger.open(":memory:");
  const fit = { algorithm: "lightgbm_dart", spec: "s", version: "v1" };
  const walk = { algorithm: RANDOM_WALK, spec: RANDOM_WALK, version: undefined };
  const move = (target: typeof fit | typeof walk, asOf: string) =>
    moveChampion(ledger, { horizon: "1w", ...target, asOf, run: "r", movedMs: 1 });
  assert.equal(move(fit, "2025-12-29"), true);
  assert.equal(move(walk, "2025-12-30"), true);
  assert.equal(move(walk, "2025-12-31"), false);
  const served = aliases(ledger).map(({ alias, version, asOf }) => [alias, version, asOf]);
  assert.deepEqual(served, [
    ["champion", undefined, "2025-12-30"],
    ["previous", "v1", "2025-12-29"],
  ]);
  assert.throws(() =>
    moveChampion(ledger, {
      horizon: "1w",
      asOf: "2026-01-02",
      run: "r",
      movedMs: 1,
      ...fit,
      version: undefined,
    }),
  );
});

void test("a person's decision is dated so that none that was made before it is in force after it", () => {
  using ledger = Ledger.open(":memory:");
  const day = () => dayOfPersonsDecision(ledger, "1w", "2025-12-30");
  assert.equal(day(), "2025-12-30");
  recordDecision(ledger, decision({ asOf: "2025-12-29" }));
  assert.equal(day(), "2025-12-30");
  recordDecision(ledger, decision({ asOf: "2025-12-31", spec: "judged" }));
  assert.equal(day(), "2025-12-31");
  recordDecision(ledger, decision({ asOf: day(), maker: "person", spec: "wish" }));
  assert.equal(decisionInForce(ledger, "1w", "2026-01-02")?.spec, "wish");
});

void test("the last change is the newest decision for another spec, however often it was kept since", () => {
  using ledger = Ledger.open(":memory:");
  const changed = () => {
    const { change, before } = lastChange(ledger, "1w") ?? {};
    return change && before && `${before.spec} to ${change.spec} by ${change.kind} ${change.asOf}`;
  };
  assert.equal(changed(), undefined);
  recordDecision(ledger, decision({ asOf: "2025-12-26", maker: "predict", kind: "named" }));
  recordDecision(ledger, decision({ asOf: "2025-12-26" }));
  assert.equal(changed(), undefined, "a naming puts nobody in another's place");
  recordDecision(ledger, decision({ asOf: "2025-12-29", kind: "promoted", spec: "t" }));
  for (const asOf of ["2025-12-30", "2025-12-31"]) {
    recordDecision(ledger, decision({ asOf, spec: "t" }));
  }
  assert.equal(changed(), "s to t by promoted 2025-12-29");
  recordDecision(ledger, decision({ maker: "person", kind: "rolled_back" }));
  assert.equal(changed(), "t to s by rolled_back 2025-12-31");
  recordDecision(ledger, decision({ horizon: "1m", asOf: "2026-01-02", spec: "other" }));
  assert.equal(changed(), "t to s by rolled_back 2025-12-31");
});

void test("an evaluation's decision counts from the next day, a person's at once, and a repeated night leaves one", () => {
  using ledger = Ledger.open(":memory:");
  recordDecision(ledger, decision({ asOf: "2025-12-30", maker: "predict", spec: "named" }));
  recordDecision(ledger, decision({ asOf: "2025-12-30", maker: "evaluate", spec: "judged" }));
  recordDecision(ledger, decision({ asOf: "2025-12-30", maker: "evaluate", spec: "again" }));
  const inForce = (asOf: string) => decisionInForce(ledger, "1w", asOf)?.spec;
  assert.equal(inForce("2025-12-30"), undefined);
  assert.equal(inForce("2025-12-31"), "again");
  recordDecision(ledger, decision({ asOf: "2025-12-31", maker: "person", spec: "wish 1" }));
  recordDecision(ledger, decision({ asOf: "2025-12-31", maker: "person", spec: "wish 2" }));
  assert.equal(inForce("2025-12-31"), "wish 2");
  assert.equal(inForce("2025-12-30"), undefined, "nothing later leaks into a replayed day");
  recordDecision(ledger, decision({ asOf: "2025-12-31", maker: "evaluate", spec: "later" }));
  assert.equal(inForce("2025-12-31"), "wish 2");
  assert.equal(inForce("2026-01-02"), "later");
  assert.equal(decisions(ledger, { limit: 10 }).length, 5);
  assert.deepEqual(decisions(ledger, { horizon: "1m", limit: 10 }), []);
  assert.deepEqual(decisions(ledger, { horizon: "1w", limit: 1 })[0]?.numbers, { skill: 0.1 });
});

void test("a version is remembered once, after its files have gone", () => {
  using ledger = Ledger.open(":memory:");
  const version = {
    horizon: "1w",
    algorithm: "a",
    version: "v1",
    spec: "s",
    seed: 7,
    asOf: "2025-12-31",
    run: "r",
    createdMs: 1,
  };
  recordVersion(ledger, version);
  recordVersion(ledger, { ...version, run: "r2" });
  const known = [{ version: "v1", spec: "s", seed: 7 }];
  assert.deepEqual(versionsOf(ledger, "1w", "2025-12-31"), known);
  assert.deepEqual(
    versionsOf(ledger, "1w", "2025-12-30"),
    [],
    "a later day's trial is not counted",
  );
});

function decision(change: Partial<ChampionDecision>): ChampionDecision {
  return {
    horizon: "1w",
    asOf: "2025-12-31",
    maker: "evaluate",
    kind: "kept",
    algorithm: "lightgbm_dart",
    spec: "s",
    run: undefined,
    who: undefined,
    reason: "because",
    numbers: { skill: 0.1 },
    decidedMs: 1,
    ...change,
  };
}
