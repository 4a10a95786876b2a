import assert from "node:assert/strict";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { newestIntact } from "../../src/models/newest.ts";
import { listModels, problemWithModel } from "../../src/models/registry.ts";
import { Failure } from "../../src/system/failure.ts";
import { homePaths, type HomePaths } from "../../src/system/home.ts";
import { putVersion } from "./version-on-disk.ts";

const V1 = { horizon: "1w", algorithm: "lightgbm_dart", version: "2025-12-30-aaaaaaaaaa" };
const V2 = { ...V1, version: "2025-12-31-0123456789" };

void test("what is not ours under Models/ is left out with a warning, and nothing throws", async (t) => {
  const paths = await emptyHome(t);
  putVersion(paths, V1);
  const own = path.join(paths.models, "horizon_1w", "lightgbm_dart");
  const strays = [
    path.join(own, "Copy of best"),
    path.join(own, "backup..old"),
    path.join(paths.models, "horizon_1w", "My Algorithm"),
    path.join(paths.models, "horizon_1W", "lightgbm_dart", "2025-12-31-0123456789"),
    path.join(paths.models, "old models"),
  ];
  for (const folder of strays) mkdirSync(folder, { recursive: true });
  mkdirSync(path.join(own, `${V2.version}.tmp-0123456789ab`));
  mkdirSync(path.join(paths.models, ".git"));
  writeFileSync(path.join(own, ".DS_Store"), "");
  writeFileSync(path.join(own, "notes.txt"), "");
  writeFileSync(path.join(paths.models, "horizon_9w"), "a file of a horizon's name");
  const { keys, warnings } = await listModels(paths);
  assert.deepEqual(keys, [V1]);
  assert.deepEqual(warnings.map((text) => text.replace(/ is no model.*/, "")).sort(), [
    "Models/local/horizon_1W",
    "Models/local/horizon_1w/My Algorithm",
    "Models/local/horizon_1w/lightgbm_dart/Copy of best",
    "Models/local/horizon_1w/lightgbm_dart/backup..old",
    "Models/local/horizon_1w/lightgbm_dart/notes.txt",
    "Models/local/horizon_9w",
    "Models/local/old models",
  ]);
});

void test("a models' folder that is a file is a warning, one that is missing is nothing", async (t) => {
  const paths = await emptyHome(t);
  assert.deepEqual(await listModels(paths), { keys: [], warnings: [] });
  mkdirSync(path.dirname(paths.models), { recursive: true });
  writeFileSync(paths.models, "");
  const { keys, warnings } = await listModels(paths);
  assert.deepEqual(keys, []);
  assert.match(warnings.join(), /cannot be read/);
});

void test("the newest intact version is the newest by its manifest, whatever lies beside it", async (t) => {
  const paths = await emptyHome(t);
  putVersion(paths, { ...V1, version: "2025-12-31-ffffffffff" });
  const later = { created: "2025-12-31T23:00:00Z" };
  putVersion(paths, V2, later);
  const folder = putVersion(paths, { ...V1, version: "2026-01-02-bbbbbbbbbb" });
  writeFileSync(path.join(folder, "model.txt"), "cut sho");
  mkdirSync(path.join(path.dirname(folder), "zzz"));
  cpSync(folder, `${folder}-copy`, { recursive: true });
  const { horizon, algorithm } = V2;
  const { key, warnings } = await newestIntact(paths, { horizon, algorithm });
  assert.deepEqual(key, V2);
  assert.match(warnings.join("\n"), /passed over zzz: there is no model/);
  assert.match(warnings.join("\n"), /2026-01-02-bbbbbbbbbb: model.txt is not what was written/);
});

void test("a copy of a version's folder under another name is no version", async (t) => {
  const paths = await emptyHome(t);
  const folder = putVersion(paths, V1);
  cpSync(folder, path.join(path.dirname(folder), V2.version), { recursive: true });
  assert.equal(await problemWithModel(paths, V1), undefined);
  const problem = await problemWithModel(paths, V2);
  assert.equal(problem, `it is a copy of 1w lightgbm_dart ${V1.version}`);
});

void test("a version is chosen by its spec, and none at all is told from none that is intact", async (t) => {
  const paths = await emptyHome(t);
  putVersion(paths, V1, { spec: "old" });
  putVersion(paths, V2, { spec: "new" });
  const wish = { horizon: "1w", algorithm: "lightgbm_dart" };
  assert.deepEqual((await newestIntact(paths, { ...wish, spec: "old" })).key, V1);
  await assert.rejects(newestIntact(paths, { ...wish, spec: "none" }), exits(64, /no version/));
  await assert.rejects(newestIntact(paths, { ...wish, version: "v9" }), exits(64, /no version v9/));
  writeFileSync(path.join(putVersion(paths, V1), "manifest.json"), "{");
  const damaged = newestIntact(paths, { ...wish, version: V1.version });
  await assert.rejects(damaged, exits(1, /can serve.*manifest.*damaged/));
});

function exits(code: number, says: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof Failure && error.exit === code && says.test(error.message);
}

async function emptyHome(t: TestContext): Promise<HomePaths> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "cbi-models-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return homePaths(folder);
}
