import os from "node:os";
import type { Home } from "../config/home.ts";
import { RANDOM_WALK } from "../evaluation/forecast.ts";
import { aliasOf, moveChampion, recordDecision, swapChampion } from "../ledger/champions.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { listModels, problemWithModel, readManifest, type ModelKey } from "../models/registry.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";

/** A person's wish to change who predicts a horizon. */
export interface PromotionRequest {
  horizon: string;
  /** The day from which it counts. */
  asOf: string;
  nowMs: number;
  /** In the person's words; kept with the decision. */
  reason: string;
}

/**
 * Makes the newest intact version of an algorithm the champion of a horizon, or the random walk.
 * Returns the version. The decision is recorded with who and why, and stands until an evaluation
 * or a person decides otherwise.
 */
export async function promote(
  home: Home,
  ledger: Ledger,
  request: PromotionRequest & { algorithm: string; version?: string },
): Promise<string> {
  const { horizon, algorithm, asOf } = request;
  if (algorithm === RANDOM_WALK) {
    decide(ledger, request, "promoted", { algorithm, spec: RANDOM_WALK, version: RANDOM_WALK });
    return RANDOM_WALK;
  }
  const key = await findVersion(home, horizon, algorithm, request.version);
  const problem = await problemWithModel(home.paths, key);
  if (problem !== undefined) throw unfit(key, problem);
  const { spec } = await readManifest(home.paths, key);
  const target = { horizon, algorithm, spec, version: key.version };
  moveChampion(ledger, { ...target, asOf, run: undefined, movedMs: request.nowMs });
  decide(ledger, request, "promoted", target);
  return key.version;
}

/** Puts the version before the champion back in its place; returns it. */
export async function rollback(
  home: Home,
  ledger: Ledger,
  request: PromotionRequest,
): Promise<ModelKey> {
  const previous = aliasOf(ledger, request.horizon, "previous");
  if (!previous) {
    throw new Failure({
      code: "CBI_NO_PREVIOUS",
      message: `${request.horizon} has no version before its champion`,
      remedy: "Choose one yourself: cbi models list, then cbi models promote",
      exit: ExitCode.usage,
    });
  }
  const problem = await problemWithModel(home.paths, previous);
  if (problem !== undefined) throw unfit(previous, problem);
  swapChampion(ledger, request.horizon, request.asOf, request.nowMs);
  decide(ledger, request, "rolled_back", previous);
  return previous;
}

async function findVersion(
  home: Home,
  horizon: string,
  algorithm: string,
  version: string | undefined,
): Promise<ModelKey> {
  const found = (await listModels(home.paths))
    .filter((key) => key.horizon === horizon && key.algorithm === algorithm)
    .filter((key) => version === undefined || key.version === version)
    .at(-1);
  if (found) return found;
  const which = version === undefined ? "no version" : `no version ${version}`;
  throw new Failure({
    code: "CBI_NO_MODEL",
    message: `there is ${which} of ${algorithm} for ${horizon}`,
    remedy: "List them with: cbi models list",
    exit: ExitCode.usage,
  });
}

function decide(
  ledger: Ledger,
  request: PromotionRequest,
  kind: string,
  target: { algorithm: string; spec: string; version: string },
): void {
  recordDecision(ledger, {
    horizon: request.horizon,
    asOf: request.asOf,
    maker: "person",
    kind,
    algorithm: target.algorithm,
    spec: target.spec,
    run: undefined,
    who: os.userInfo().username,
    reason: request.reason,
    numbers: { version: target.version },
    decidedMs: request.nowMs,
  });
}

function unfit(key: ModelKey, problem: string): Failure {
  return new Failure({
    code: "CBI_MODEL_DAMAGED",
    message: `${key.horizon} ${key.algorithm} ${key.version} cannot serve: ${problem}`,
    remedy: "Choose another version: cbi models list",
    exit: ExitCode.failed,
  });
}
