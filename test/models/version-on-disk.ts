import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { modelManifestSchema } from "../../src/models/manifest.ts";
import { modelFolder, type ModelKey } from "../../src/models/registry.ts";
import { hashText } from "../../src/system/files.ts";
import type { HomePaths } from "../../src/system/home.ts";

/** Puts a version on disk whose files verify; its as-of day is the first ten letters of its name. */
export function putVersion(
  paths: HomePaths,
  key: ModelKey,
  facts: { spec?: string; created?: string } = {},
): string {
  const folder = modelFolder(paths, key);
  mkdirSync(folder, { recursive: true });
  const [model, outOfFold] = [`model of ${key.version}`, "[]"];
  writeFileSync(path.join(folder, "model.txt"), model);
  writeFileSync(path.join(folder, "out_of_fold.json"), outOfFold);
  const day = key.version.slice(0, 10);
  const manifest = modelManifestSchema.parse({
    schema: 1,
    symbol: "WTI",
    horizon_rows: 5,
    ...key,
    as_of: day,
    spec: facts.spec ?? `${key.algorithm}-spec`,
    created: facts.created ?? `${day}T22:00:00Z`,
    run: "run-1",
    data: {
      sha256: "",
      rows: 900,
      train_rows: 800,
      first: "2020-01-02",
      last: day,
      target: `target_${key.horizon}`,
    },
    features: [{ name: "momentum", type: "DOUBLE" }],
    parameters: {},
    seed: 7,
    rounds: 20,
    folds: [],
    importance: { momentum: 1 },
    libraries: { python: "3", lightgbm: "4", xgboost: "3", numpy: "2", pyarrow: "2" },
    figures: { skill: 0.01, mape_percent: 3.5 },
    files: {
      model: { name: "model.txt", sha256: hashText(model), content_hash: "" },
      out_of_fold: { name: "out_of_fold.json", sha256: hashText(outOfFold) },
    },
  });
  writeFileSync(path.join(folder, "manifest.json"), JSON.stringify(manifest));
  return folder;
}
