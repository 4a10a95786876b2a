import path from "node:path";
import type { Home } from "../../config/home.ts";
import { aliases } from "../../ledger/champions.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { forgetAliases } from "../../ledger/released-aliases.ts";
import { listModels, modelFolder } from "../../models/registry.ts";
import { beyondRetention } from "../../models/retention.ts";
import { limitsOf } from "../keep-limits.ts";
import { isPlainFile, sizeAndAge, type Candidate } from "./candidate.ts";
import type { Held } from "./held.ts";
import { modelName } from "./model-name.ts";
import type { OwnFolders } from "./own-folders.ts";

/** A horizon may leave cbi.yaml by mistake, or for a while. */
const GONE_AGE_MS = 30 * 24 * 3_600_000;

/**
 * Versions beyond `retention.models`, by horizon and algorithm. Champion and previous of the horizons
 * that cbi.yaml has stay, and so does what runs hold. A horizon that is gone has nobody who serves, and
 * none of its versions that is older than thirty days stays.
 */
export async function modelsBeyond(
  home: Home,
  ledger: Ledger,
  { held, folders, nowMs }: { held: Held; folders: OwnFolders; nowMs: number },
): Promise<Candidate[]> {
  if (!(await folders.has(home.paths.models))) return [];
  const isKnown = (horizon: string): boolean => Object.hasOwn(home.config.horizons, horizon);
  const serving = new Set(
    aliases(ledger)
      .filter(({ horizon }) => isKnown(horizon))
      .map(modelName),
  );
  const candidates: (Candidate & { group: string })[] = [];
  for (const key of (await listModels(home.paths)).keys) {
    const folder = modelFolder(home.paths, key);
    // Without a manifest it is somebody else's, or damaged beyond our knowing.
    if (!(await isPlainFile(path.join(folder, "manifest.json")))) continue;
    const id = modelName(key);
    candidates.push({
      kind: "model",
      id,
      group: `${key.horizon}/${key.algorithm}`,
      ...(await sizeAndAge([folder])),
      isProtected: serving.has(id) || held.models.has(id),
      paths: [folder],
      ...(!isKnown(key.horizon) && { forget: () => forgetAliases(ledger, key) }),
    });
  }
  const limits = limitsOf(home.config.retention.models);
  const groups = Map.groupBy(candidates, ({ group }) => group);
  return [...groups.values()].flatMap((group) => {
    const isGone = group[0]?.forget !== undefined;
    const ageMs = Math.min(limits.ageMs ?? Number.POSITIVE_INFINITY, GONE_AGE_MS);
    return beyondRetention(group, isGone ? { ...limits, ageMs } : limits, nowMs);
  });
}
