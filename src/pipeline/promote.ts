import os from "node:os";
import { z } from "zod";
import type { Home } from "../config/home.ts";
import { RANDOM_WALK_SPEC } from "../evaluation/decision.ts";
import { RANDOM_WALK } from "../evaluation/forecast.ts";
import {
  aliasOf,
  type ChampionDecision,
  decisions,
  isSameFit,
  type ModelAlias,
  moveChampion,
  recordDecision,
} from "../ledger/champions.ts";
import {
  dayOfPersonsDecision,
  lastChange,
  lastPersonsDecision,
} from "../ledger/decision-history.ts";
import { assertHomeOf } from "../ledger/home-symbol.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { newestIntact } from "../models/newest.ts";
import { problemWithModel, readManifest, type ModelKey } from "../models/registry.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";

/** A person's wish to change who predicts a horizon. */
export interface PromotionRequest {
  horizon: string;
  /** The day that a night would be as of now. */
  asOf: string;
  nowMs: number;
  /** In the person's words; kept with the decision. */
  reason: string;
  /** Checks everything and changes nothing. */
  isDryRun?: boolean;
}

/** A fit, or the random walk, which has no version. */
export type Champion = Pick<ModelAlias, "algorithm" | "spec" | "version">;

/** What a person's decision did. */
export interface PromotionEnd {
  champion: Champion;
  /** What served until now; undefined where nothing did. */
  replaced: Champion | undefined;
  /** False when the champion was that already; the decision is recorded all the same. */
  hasMoved: boolean;
  /** Nights as of this day or later go by it. */
  countsFrom: string;
  /** What stands in the models' folder and is not ours. */
  warnings: string[];
}

/**
 * Makes the newest intact version of an algorithm, or the one that is named, the champion of a
 * horizon; or the random walk. The decision is recorded with who and why, and stands until an
 * evaluation or a person decides otherwise.
 */
export async function promote(
  home: Home,
  ledger: Ledger,
  request: PromotionRequest & { algorithm: string; version?: string },
): Promise<PromotionEnd> {
  assertHomeOf(ledger, home.config.symbol);
  const { horizon, algorithm, version } = request;
  if (algorithm === RANDOM_WALK) return decide(ledger, request, "promoted", WALK);
  const { key, warnings } = await newestIntact(home.paths, { horizon, algorithm, version });
  const { spec } = await readManifest(home.paths, key);
  return decide(ledger, request, "promoted", { algorithm, spec, version: key.version }, warnings);
}

/** What a rollback undid, besides what it did. */
export interface RollbackEnd extends PromotionEnd {
  undone: ChampionDecision;
}

/**
 * Undoes the last decision that changed who predicts a horizon, an evaluation's or a person's: what
 * was champion before it is champion again, the random walk too. Undone twice it stands again.
 */
export async function rollback(
  home: Home,
  ledger: Ledger,
  request: PromotionRequest,
): Promise<RollbackEnd> {
  assertHomeOf(ledger, home.config.symbol);
  const { horizon } = request;
  const exchanged = exchangedFit(ledger, horizon);
  if (exchanged) {
    const { undone, before } = exchanged;
    const key = { horizon, algorithm: before.algorithm, version: before.version };
    const problem = await problemWithModel(home.paths, key);
    if (problem !== undefined) throw unfit(key, problem);
    return { ...decide(ledger, request, "rolled_back", before), undone };
  }
  const last = lastChange(ledger, horizon);
  if (!last) throw nothingToUndo(ledger, horizon);
  const { algorithm, spec } = last.before;
  if (spec === RANDOM_WALK) {
    return { ...decide(ledger, request, "rolled_back", WALK), undone: last.change };
  }
  const { key, warnings } = await newestIntact(home.paths, { horizon, algorithm, spec });
  const target = { algorithm, spec, version: key.version };
  return { ...decide(ledger, request, "rolled_back", target, warnings), undone: last.change };
}

const WALK: Champion = { ...RANDOM_WALK_SPEC, version: undefined };

const fitSchema = z.strictObject({ algorithm: z.string(), spec: z.string(), version: z.string() });
const exchangeSchema = z.looseObject({ version: z.string(), replaced: fitSchema });

/** A person's last decision, where it chose another fit of the same spec and that fit still serves. */
function exchangedFit(
  ledger: Ledger,
  horizon: string,
): { undone: ChampionDecision; before: z.infer<typeof fitSchema> } | undefined {
  const undone = lastPersonsDecision(ledger, horizon);
  const [newest] = decisions(ledger, { horizon, limit: 1 });
  const numbers = exchangeSchema.safeParse(undone?.numbers);
  if (!undone || newest?.spec !== undone.spec || !numbers.success) return undefined;
  const { version, replaced } = numbers.data;
  const serves = aliasOf(ledger, horizon, "champion")?.version === version;
  const isExchange = replaced.spec === undone.spec && replaced.version !== version;
  return serves && isExchange ? { undone, before: replaced } : undefined;
}

function decide(
  ledger: Ledger,
  request: PromotionRequest,
  kind: string,
  champion: Champion,
  warnings: string[] = [],
): PromotionEnd {
  const { horizon, nowMs, reason } = request;
  const current = aliasOf(ledger, horizon, "champion");
  const replaced = current && {
    algorithm: current.algorithm,
    spec: current.spec,
    version: current.version,
  };
  const asOf = dayOfPersonsDecision(ledger, horizon, request.asOf);
  const hasMoved = !current || !isSameFit(current, champion);
  const end = { champion, replaced, hasMoved, countsFrom: asOf, warnings };
  if (request.isDryRun === true) return end;
  const target = { horizon, ...champion, asOf, run: undefined, movedMs: nowMs };
  recordDecision(ledger, {
    horizon,
    asOf,
    maker: "person",
    kind,
    algorithm: champion.algorithm,
    spec: champion.spec,
    run: undefined,
    who: os.userInfo().username,
    reason,
    numbers: { version: champion.version ?? RANDOM_WALK, replaced: replaced ?? null },
    decidedMs: nowMs,
  });
  return { ...end, hasMoved: moveChampion(ledger, target) };
}

function nothingToUndo(ledger: Ledger, horizon: string): Failure {
  const [newest] = decisions(ledger, { horizon, limit: 1 });
  const since =
    newest && `${newest.algorithm} is its champion, and no decision put it in another's place`;
  return new Failure({
    code: "CBI_NO_PREVIOUS",
    message: `there is nothing to undo for ${horizon}: ${since ?? "nothing has been decided yet"}`,
    remedy: "Choose a champion yourself: cbi models list, then cbi models promote",
    exit: ExitCode.usage,
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
