import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import type { ForecastRow } from "../../../src/evaluation/forecast.ts";
import { readManifest } from "../../../src/models/registry.ts";
import { homePaths } from "../../../src/system/home.ts";
import { openDuckdbWarehouse } from "../../../src/warehouse/duckdb/open.ts";
import { emulatorSkip, startLocalBigQuery } from "../../rig/local-bigquery.ts";
import { QUICK_CONFIG, Rig } from "../../rig/rig.ts";
import { bigqueryHome } from "./home.ts";

const reason = await emulatorSkip();

void test(
  "a night on BigQuery fits the same models and publishes the same forecasts as an embedded one",
  { skip: reason ?? false },
  async (t) => {
    await using server = await startLocalBigQuery();
    await using embedded = await Rig.make(t);
    assert.equal((await embedded.night()).exitCode, 0);

    await using remote = await bigqueryHome(server);
    const warehouse = {
      kind: "bigquery",
      project: remote.settings.project,
      endpoint: { rest: server.rest, storage: server.storage },
      create_datasets: true,
    };
    const config = { ...(parse(QUICK_CONFIG) as Record<string, unknown>), warehouse };
    await using home = await Rig.make(t, stringify(config));
    assert.equal((await home.cbi(["warehouse", "check"])).exitCode, 69);
    const up = await embedded.cbi(["warehouse", "copy", home.paths.root]);
    assert.equal(up.exitCode, 0);
    assert.match(up.stdout, /training\.wti_training_prod_allhistory_1m: 17\d\d rows/);
    assert.deepEqual(await remote.open().forecasts({ symbol: "WTI" }), await embedded.forecasts());
    assert.equal((await home.cbi(["warehouse", "check"])).exitCode, 0);
    const estimate = await home.cbi(["warehouse", "estimate", "--json"]);
    assert.equal(estimate.exitCode, 0);
    assert.match(estimate.stdout, /"query": "export 1w"/);

    assert.equal((await home.night()).exitCode, 0);
    assert.deepEqual(await modelHashes(home), await modelHashes(embedded));
    const stored = await remote.open().forecasts({ symbol: "WTI" });
    const copied = new Set((await embedded.forecasts()).map(({ run }) => run));
    assert.equal(stored.length > 0 && stored.every(({ run }) => !copied.has(run)), true);
    assert.deepEqual(withoutRun(stored), withoutRun(await embedded.forecasts()));

    // The same night again repeats nothing that is done, and doubles nothing.
    assert.equal((await home.night("--from", "upload", "--force")).exitCode, 0);
    assert.deepEqual(
      withoutRun(await remote.open().forecasts({ symbol: "WTI" })),
      withoutRun(stored),
    );
    assert.equal((await home.cbi(["replay", "--from", "2025-12-01"])).exitCode, 78);

    // Down again into an embedded home, where a night comes to the same.
    await using offline = await Rig.make(t);
    const folder = offline.file("copy");
    assert.equal((await home.cbi(["warehouse", "copy", folder])).exitCode, 0);
    const down = openDuckdbWarehouse({ config: remote.config, paths: homePaths(folder) });
    assert.deepEqual(
      await down.forecasts({ symbol: "WTI" }),
      await remote.open().forecasts({ symbol: "WTI" }),
    );
    const night = await home.cbi(["run", "nightly", "--json"], {
      environment: { CBI_HOME: folder },
    });
    assert.equal(night.exitCode, 0);
    assert.equal((await home.cbi(["warehouse", "copy", folder])).exitCode, 64);
  },
);

async function modelHashes(rig: Rig): Promise<string[]> {
  const hashes = await Promise.all(
    (await rig.models()).map(async (name) => {
      const [horizon = "", algorithm = "", version = ""] = name.split("/");
      const manifest = await readManifest(rig.paths, { horizon, algorithm, version });
      return `${horizon} ${algorithm} ${manifest.files.model.content_hash}`;
    }),
  );
  return hashes.sort();
}

function withoutRun(rows: readonly ForecastRow[]): string[] {
  return rows.map(({ run: _run, model_version: _version, ...row }) => JSON.stringify(row)).sort();
}
