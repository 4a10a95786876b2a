import assert from "node:assert/strict";
import { test } from "node:test";
import { queryRows, withDuckdb } from "../../src/system/duckdb.ts";
import { QUICK_CONFIG, Rig } from "../rig/rig.ts";

void test("a night proves its upload beside another symbol's rows, and a home takes no second symbol", async (t) => {
  await using rig = await Rig.make(t);
  assert.equal((await rig.night("--as-of", "2025-12-30")).exitCode, 0);
  await withDuckdb({ file: rig.paths.warehouse }, (connection) =>
    queryRows(
      connection,
      "INSERT INTO predictions.forecasts SELECT * REPLACE ('BRENT' AS symbol) FROM predictions.forecasts",
    ),
  );
  const theirs = await brents(rig);
  assert.equal(theirs.length, 4);
  const end = await rig.night();
  assert.equal(end.exitCode, 0, end.stderr);
  const again = await rig.night();
  assert.deepEqual(
    again.events.filter((event) => event.event === "stage-finished" && event.reused !== true),
    [],
    "the upload still verifies",
  );
  assert.deepEqual(await brents(rig), theirs);

  await rig.write("cbi.yaml", QUICK_CONFIG.replace("symbol: WTI", "symbol: BRENT"));
  const champions = rig.champions();
  const refused = await rig.night();
  assert.equal(refused.exitCode, 78, refused.stderr);
  assert.match(JSON.stringify(refused.events.at(-1)), /belongs to the symbol WTI/);
  const planned = await rig.cbi(["run", "nightly", "--dry-run"]);
  assert.equal(planned.exitCode, 78);
  assert.match(planned.stderr, /symbol: WTI.*cbi init/s);
  assert.deepEqual(rig.champions(), champions);

  await rig.write("cbi.yaml", QUICK_CONFIG);
  assert.equal((await rig.night()).exitCode, 0);
});

async function brents(rig: Rig) {
  return (await rig.forecasts()).filter(({ symbol }) => symbol === "BRENT");
}
