import { ExitCode } from "../system/exit-code.ts";
import { Failure, messageOf } from "../system/failure.ts";
import type { HomePaths } from "../system/home.ts";
import { listModels, problemWithModel, readManifest, type ModelKey } from "./registry.ts";

/** Which versions will do. */
export interface VersionWish {
  horizon: string;
  algorithm: string;
  /** This one, or the newest. */
  version?: string | undefined;
  /** Of this spec, or of any. */
  spec?: string | undefined;
}

/**
 * The newest version that fits the wish and whose files verify, by its as-of day and then by when it
 * was made. Throws a `Failure` when there is none: exit code 64 for a name that is not there, 1 when
 * every one is damaged.
 */
export async function newestIntact(
  paths: HomePaths,
  wish: VersionWish,
): Promise<{ key: ModelKey; warnings: string[] }> {
  const { keys, warnings } = await listModels(paths);
  const named = keys
    .filter((key) => key.horizon === wish.horizon && key.algorithm === wish.algorithm)
    .filter((key) => wish.version === undefined || key.version === wish.version);
  const problems: string[] = [];
  const dated: { key: ModelKey; age: string }[] = [];
  for (const key of named) {
    try {
      const manifest = await readManifest(paths, key);
      if (wish.spec !== undefined && manifest.spec !== wish.spec) continue;
      dated.push({ key, age: `${manifest.as_of} ${manifest.created}` });
    } catch (error) {
      problems.push(`${key.version}: ${messageOf(error)}`);
    }
  }
  for (const { key } of dated.toSorted((left, right) => (left.age < right.age ? 1 : -1))) {
    const problem = await problemWithModel(paths, key);
    if (problem === undefined) {
      return { key, warnings: [...warnings, ...problems.map((text) => `passed over ${text}`)] };
    }
    problems.push(`${key.version}: ${problem}`);
  }
  throw problems.length === 0 ? noModel(wish) : noneIntact(wish, problems);
}

function noModel({ horizon, algorithm, version, spec }: VersionWish): Failure {
  const which = version === undefined ? "no version" : `no version ${version}`;
  const ofSpec = spec === undefined ? "" : ` with the spec ${spec}`;
  return new Failure({
    code: "CBI_NO_MODEL",
    message: `there is ${which} of ${algorithm}${ofSpec} for ${horizon}`,
    remedy: "List them with: cbi models list",
    exit: ExitCode.usage,
  });
}

function noneIntact({ horizon, algorithm }: VersionWish, problems: readonly string[]): Failure {
  return new Failure({
    code: "CBI_MODEL_DAMAGED",
    message: `no version of ${algorithm} for ${horizon} can serve: ${problems.join("; ")}`,
    remedy: "Choose another: cbi models list",
    exit: ExitCode.failed,
  });
}
