import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import type { ForecastRow } from "../../../src/evaluation/forecast.ts";
import { readManifest } from "../../../src/models/registry.ts";
import { sqlText, withDuckdb } from "../../../src/system/duckdb.ts";
import { loadParquet } from "../../../src/warehouse/bigquery/load-table.ts";
import { emulatorSkip, startLocalBigQuery } from "../../rig/local-bigquery.ts";
import { QUICK_CONFIG, Rig } from "../../rig/rig.ts";
import { bigqueryHome, type BigQueryHome, never } from "./home.ts";

const reason = await emulatorSkip();

void test(
  "a night on BigQuery fits the same models and publishes the same forecasts as an embedded one",
  { skip: reason ?? false },
  async (t) => {
    await using server = await startLocalBigQuery();
    await using embedded = await Rig.make(t);
    assert.equal((await embedded.night()).exitCode, 0);

    await using remote = await bigqueryHome(server);
    await pushTables(embedded, remote);
    const warehouse = {
      kind: "bigquery",
      project: remote.settings.project,
      endpoint: { rest: server.rest, storage: server.storage },
      create_datasets: true,
    };
    await using home = await Rig.make(
      t,
      stringify({ ...(parse(QUICK_CONFIG) as Record<string, unknown>), warehouse }),
    );
    const night = await home.night();
    assert.equal(night.exitCode, 0);

    assert.deepEqual(await modelHashes(home), await modelHashes(embedded));
    const stored = await remote.open().forecasts({});
    assert.equal(stored.length > 0, true);
    assert.deepEqual(withoutRun(stored), withoutRun(await embedded.forecasts()));

    // The same night again repeats nothing that is done, and doubles nothing.
    assert.equal((await home.night("--from", "upload", "--force")).exitCode, 0);
    assert.deepEqual(withoutRun(await remote.open().forecasts({})), withoutRun(stored));
  },
);

/** The embedded warehouse's tables under the names that BigQuery has by default. */
async function pushTables(rig: Rig, remote: BigQueryHome): Promise<void> {
  const names = {
    "main.wti": "wti",
    "training.wti_1w": "wti_training_prod_allhistory_1w",
    "training.wti_1m": "wti_training_prod_allhistory_1m",
  };
  for (const [from, tableId] of Object.entries(names)) {
    const file = path.join(rig.paths.root, `${tableId}.parquet`);
    await withDuckdb({ file: rig.paths.warehouse }, async (connection) => {
      await connection.run(`COPY (SELECT * FROM ${from}) TO ${sqlText(file)} (FORMAT parquet)`);
    });
    const table = { projectId: remote.settings.project, datasetId: "training", tableId };
    await loadParquet(remote.session, table, file, never);
  }
}

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
