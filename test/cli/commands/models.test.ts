import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { z } from "zod";
import { catalog } from "../../../src/cli/catalog.ts";
import { dispatch } from "../../../src/cli/dispatch.ts";
import { RANDOM_WALK } from "../../../src/evaluation/forecast.ts";
import {
  aliasOf,
  decisionInForce,
  decisions,
  moveChampion,
  recordDecision,
} from "../../../src/ledger/champions.ts";
import { claimHome } from "../../../src/ledger/home-symbol.ts";
import { Ledger } from "../../../src/ledger/ledger.ts";
import { homePaths } from "../../../src/system/home.ts";
import { putVersion } from "../../models/version-on-disk.ts";
import { ManualClock } from "../../rig/manual-clock.ts";
import { keptContext } from "../support.ts";

const CONFIG = `version: 1
symbol: WTI
as_of: 2025-12-31
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
`;
const LIGHT = "lightgbm_dart";
const XG = "xgboost_dart";

void test("a person's promotion moves the champion though the alias is of a later day", async (t) => {
  const home = await homeFor(t);
  home.night("2025-12-31", LIGHT);
  home.night("2026-01-02", LIGHT);
  const said = await home.cbi("models", "promote", "1w", XG, "--why", "steadier");
  assert.equal(
    said,
    `1w: ${XG} (2026-01-02-${XG.slice(0, 4)}) is the champion in the place of ${LIGHT} ` +
      `(2026-01-02-${LIGHT.slice(0, 4)}), for nights as of 2026-01-02 or later: earlier ones have been decided on already\n`,
  );
  assert.equal(home.champion(), `${XG} 2026-01-02`);
  using ledger = home.ledger();
  assert.equal(decisionInForce(ledger, "1w", "2026-01-05")?.algorithm, XG);
  assert.equal(decisions(ledger, { limit: 1 })[0]?.reason, "steadier");
});

void test("a promotion of whoever is champion says that nothing moved, and is recorded", async (t) => {
  const home = await homeFor(t);
  home.night("2025-12-31", LIGHT);
  const said = await home.cbi("models", "promote", "1w", LIGHT);
  assert.match(
    said,
    /^1w: lightgbm_dart \(.*\) is the champion already; your decision is recorded$/m,
  );
  using ledger = home.ledger();
  assert.equal(decisions(ledger, { limit: 1 })[0]?.maker, "person");
});

void test("a dry run says what would happen and changes nothing", async (t) => {
  const home = await homeFor(t);
  home.night("2025-12-31", LIGHT);
  assert.match(
    await home.cbi("models", "promote", "1w", RANDOM_WALK, "--dry-run"),
    /^1w: the random walk would be the champion in the place of lightgbm_dart/,
  );
  assert.equal(home.champion(), `${LIGHT} 2025-12-31`);
  using ledger = home.ledger();
  assert.equal(decisions(ledger, { limit: 9 }).length, 1);
});

void test("the random walk is promoted, listed, shown and rolled back like a model", async (t) => {
  const home = await homeFor(t);
  home.night("2025-12-31", LIGHT);
  const version = `2025-12-31-${LIGHT.slice(0, 4)}`;
  assert.match(
    await home.cbi("models", "promote", "1w", RANDOM_WALK),
    /^1w: the random walk is the champion in the place of lightgbm_dart/,
  );
  assert.equal(home.champion(), `${RANDOM_WALK} 2025-12-31`);
  assert.deepEqual(await home.listed(), [
    `${LIGHT} ${version} previous`,
    `${XG} 2025-12-31-${XG.slice(0, 4)} null`,
    `${RANDOM_WALK} null champion`,
  ]);
  assert.match(await home.cbi("models", "list"), /^1w +random_walk +.* champion$/m);
  assert.match(
    await home.cbi("models", "show", version),
    /^serves +no: it was the champion before; the champion of 1w is the random walk$/m,
  );

  assert.match(
    await home.cbi("models", "rollback", "1w"),
    /^1w: lightgbm_dart \(.*\) is the champion again; undone: promoted random_walk as of 2025-12-31, by /,
  );
  assert.equal(home.champion(), `${LIGHT} 2025-12-31`);
  assert.match(
    await home.cbi("models", "rollback", "1w"),
    /^1w: the random walk is the champion again; undone: rolled_back lightgbm_dart/,
  );
  assert.equal(home.champion(), `${RANDOM_WALK} 2025-12-31`);
});

void test("a rollback undoes one decision, however many nights have kept it since", async (t) => {
  const home = await homeFor(t);
  home.night("2025-12-26", LIGHT);
  home.night("2025-12-29", RANDOM_WALK, "demoted_to_random_walk");
  home.night("2025-12-30", XG, "promoted");
  home.night("2025-12-31", XG);
  const answer = z
    .looseObject({ algorithm: z.string(), undone: z.looseObject({ as_of: z.string() }) })
    .parse(JSON.parse(await home.cbi("models", "rollback", "1w", "--json")));
  assert.equal(answer.algorithm, RANDOM_WALK);
  assert.equal(answer.undone.as_of, "2025-12-30");
  assert.equal(home.champion(), `${RANDOM_WALK} 2025-12-31`);
});

void test("a promotion that the evaluation has decided on for the next night is undone before it counts", async (t) => {
  const home = await homeFor(t);
  home.night("2025-12-29", LIGHT);
  home.night("2025-12-30", LIGHT);
  home.decide("2025-12-30", XG, "promoted");
  assert.match(
    await home.cbi("models", "list"),
    /^1w: xgboost_dart predicts from the next night on/m,
  );
  assert.match(
    await home.cbi("models", "rollback", "1w"),
    /^1w: lightgbm_dart \(.*\) stays the champion; undone: promoted xgboost_dart as of 2025-12-30, by the evaluation$/m,
  );
  using ledger = home.ledger();
  assert.equal(decisionInForce(ledger, "1w", "2025-12-31")?.algorithm, LIGHT);
});

void test("another fit of the champion's own spec is a decision that a rollback undoes", async (t) => {
  const home = await homeFor(t);
  home.night("2025-12-30", LIGHT);
  home.night("2025-12-31", LIGHT);
  const older = `2025-12-30-${LIGHT.slice(0, 4)}`;
  await home.cbi("models", "promote", "1w", LIGHT, older);
  assert.equal(home.champion(), `${LIGHT} 2025-12-30`);
  await home.cbi("models", "rollback", "1w");
  assert.equal(home.champion(), `${LIGHT} 2025-12-31`);
  await home.cbi("models", "rollback", "1w");
  assert.equal(home.champion(), `${LIGHT} 2025-12-30`);
});

void test("a rollback with nothing to undo says so", async (t) => {
  const home = await homeFor(t);
  await assert.rejects(
    home.cbi("models", "rollback", "1w"),
    /nothing to undo for 1w: nothing has been decided yet/,
  );
  home.night("2025-12-30", LIGHT);
  home.night("2025-12-31", LIGHT);
  await assert.rejects(
    home.cbi("models", "rollback", "1w"),
    /nothing to undo for 1w: lightgbm_dart is its champion, and no decision put it in another's place/,
  );
});

void test("a stray folder hinders neither the list nor a promotion, and is named", async (t) => {
  const home = await homeFor(t);
  home.night("2025-12-31", LIGHT);
  mkdirSync(path.join(home.paths.models, "horizon_1w", LIGHT, "Copy of best"));
  const damaged = putVersion(home.paths, {
    horizon: "1w",
    algorithm: XG,
    version: "2026-01-05-dddddddddd",
  });
  writeFileSync(path.join(damaged, "model.txt"), "");
  assert.match(await home.cbi("models", "list"), /champion/);
  assert.match(
    await home.cbi("models", "promote", "1w", XG),
    /xgboost_dart \(2025-12-31-xgbo\) is/,
  );
  assert.match(home.remarked(), /Copy of best is no model of ours/);
  assert.match(home.remarked(), /passed over 2026-01-05-dddddddddd: model.txt is not/);
});

void test("a decision for another symbol than the home's is refused", async (t) => {
  const home = await homeFor(t);
  home.night("2025-12-31", LIGHT);
  writeFileSync(home.paths.config, CONFIG.replace("symbol: WTI", "symbol: BRENT"));
  for (const words of [
    ["promote", "1w", XG],
    ["rollback", "1w"],
  ]) {
    await assert.rejects(home.cbi("models", ...words), /belongs to the symbol WTI/);
  }
});

/** A home in which nights have decided, without having been run. */
async function homeFor(t: TestContext) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "cbi-models-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const paths = homePaths(folder);
  writeFileSync(paths.config, CONFIG);
  let remarked = "";
  const cbi = async (...words: string[]): Promise<string> => {
    const context = keptContext({
      clock: new ManualClock("2026-01-03T05:00:00Z"),
      workingDirectory: folder,
    });
    await dispatch(words, context, catalog);
    remarked += context.remarked();
    return context.written();
  };
  const ledger = (): Ledger => Ledger.open(paths.ledger);
  const decide = (asOf: string, algorithm: string, kind: string): void => {
    using open = ledger();
    recordDecision(open, {
      horizon: "1w",
      asOf,
      maker: "evaluate",
      kind,
      algorithm,
      spec: specOf(algorithm),
      run: "r",
      who: undefined,
      reason: "because",
      numbers: {},
      decidedMs: 1,
    });
  };
  return {
    paths,
    cbi,
    ledger,
    decide,
    remarked: () => remarked,
    /** A night that fits both models, is served by one of the three and decides on it again. */
    night(asOf: string, algorithm: string, kind = "kept"): void {
      for (const model of [LIGHT, XG]) {
        const version = `${asOf}-${model.slice(0, 4)}`;
        putVersion(paths, { horizon: "1w", algorithm: model, version });
      }
      const version = algorithm === RANDOM_WALK ? undefined : `${asOf}-${algorithm.slice(0, 4)}`;
      {
        using open = ledger();
        claimHome(open, "WTI");
        const fit = { horizon: "1w", algorithm, spec: specOf(algorithm), version };
        moveChampion(open, { ...fit, asOf, run: "r", movedMs: 1 });
      }
      decide(asOf, algorithm, kind);
    },
    champion(): string {
      using open = ledger();
      const { algorithm, version, asOf } = aliasOf(open, "1w", "champion") ?? {};
      return `${algorithm} ${version?.slice(0, 10) ?? asOf}`;
    },
    async listed(): Promise<string[]> {
      const row = z.looseObject({
        algorithm: z.string(),
        version: z.string().nullable(),
        alias: z.string().nullable(),
      });
      const rows = z.array(row).parse(JSON.parse(await cbi("models", "list", "--json")));
      return rows.map(({ algorithm, version, alias }) => `${algorithm} ${version} ${alias}`);
    },
  };
}

function specOf(algorithm: string): string {
  return algorithm === RANDOM_WALK ? RANDOM_WALK : `${algorithm}-spec`;
}
