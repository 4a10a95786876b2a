import type { Ledger, LedgerRow } from "./ledger.ts";
import { Row } from "./row.ts";

/** Who decided: the first night's naming, the evaluation of a night, or a person. */
export const DECISION_MAKERS = ["predict", "evaluate", "person"] as const;
export type DecisionMaker = (typeof DECISION_MAKERS)[number];

/** A recorded decision on which spec predicts a horizon from now on. */
export interface ChampionDecision {
  horizon: string;
  asOf: string;
  maker: DecisionMaker;
  /** The rule's word for it: `named`, `kept`, `promoted`, … */
  kind: string;
  /** `random_walk` when no model earned the place. */
  algorithm: string;
  /** The spec's id; `random_walk` for the random walk. */
  spec: string;
  run: string | undefined;
  who: string | undefined;
  reason: string;
  /** The figures that the decision rests on, as JSON. */
  numbers: unknown;
  decidedMs: number;
}

/** What an alias of a horizon points to: a fit, or the random walk. */
export interface ModelAlias {
  horizon: string;
  alias: "champion" | "previous";
  algorithm: string;
  spec: string;
  /** The fit that serves; undefined for the random walk, which needs none. */
  version: string | undefined;
  asOf: string;
  run: string | undefined;
  movedMs: number;
}

/**
 * Records a decision. A stage's decision for the same horizon and as-of replaces its earlier one,
 * so that a repeated night leaves one; a person's decisions are all kept.
 */
export function recordDecision(ledger: Ledger, decision: ChampionDecision): void {
  ledger.transaction(() => {
    if (decision.maker !== "person") {
      ledger.run(
        "DELETE FROM champion_decision WHERE horizon = ? AND as_of = ? AND maker = ?",
        decision.horizon,
        decision.asOf,
        decision.maker,
      );
    }
    ledger.run(
      `INSERT INTO champion_decision (horizon, as_of, maker, kind, algorithm, spec, run, who, reason, numbers, decided_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      decision.horizon,
      decision.asOf,
      decision.maker,
      decision.kind,
      decision.algorithm,
      decision.spec,
      decision.run ?? null,
      decision.who ?? null,
      decision.reason,
      JSON.stringify(decision.numbers),
      decision.decidedMs,
    );
  });
}

/**
 * The decision in force for a run as of `asOf`: an evaluation's counts from the next as-of day on,
 * a person's at once. The naming of the same day is left out, so that a repeated first night is a
 * first night again.
 */
export function decisionInForce(
  ledger: Ledger,
  horizon: string,
  asOf: string,
): ChampionDecision | undefined {
  const row = ledger.get(
    `SELECT * FROM champion_decision WHERE horizon = ? AND (as_of < ? OR (maker = 'person' AND as_of <= ?))
     ORDER BY as_of DESC, id DESC LIMIT 1`,
    horizon,
    asOf,
    asOf,
  );
  return row && toDecision(row);
}

/** Decisions of one horizon or all, the newest first. */
export function decisions(
  ledger: Ledger,
  filter: { horizon?: string; limit: number },
): ChampionDecision[] {
  const rows = filter.horizon
    ? ledger.all(
        "SELECT * FROM champion_decision WHERE horizon = ? ORDER BY as_of DESC, id DESC LIMIT ?",
        filter.horizon,
        filter.limit,
      )
    : ledger.all(
        "SELECT * FROM champion_decision ORDER BY as_of DESC, id DESC LIMIT ?",
        filter.limit,
      );
  return rows.map(toDecision);
}

/** A version that was trained, remembered after its files have gone. */
export interface ModelVersion {
  horizon: string;
  algorithm: string;
  version: string;
  spec: string;
  seed: number;
  asOf: string;
  run: string;
  createdMs: number;
}

/** Remembers a trained version; saying it twice changes nothing. */
export function recordVersion(ledger: Ledger, version: ModelVersion): void {
  ledger.run(
    `INSERT OR IGNORE INTO model_version (horizon, algorithm, version, spec, seed, as_of, run, created_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    version.horizon,
    version.algorithm,
    version.version,
    version.spec,
    version.seed,
    version.asOf,
    version.run,
    version.createdMs,
  );
}

/** Every version ever trained for a horizon as of a day or before it: its spec and seed. */
export function versionsOf(
  ledger: Ledger,
  horizon: string,
  asOf: string,
): { version: string; spec: string; seed: number }[] {
  return ledger
    .all(
      "SELECT version, spec, seed FROM model_version WHERE horizon = ? AND as_of <= ?",
      horizon,
      asOf,
    )
    .map((values) => new Row(values))
    .map((row) => ({
      version: row.text("version"),
      spec: row.text("spec"),
      seed: row.number("seed"),
    }));
}

/** All aliases, by horizon. */
export function aliases(ledger: Ledger): ModelAlias[] {
  return ledger.all("SELECT * FROM model_alias ORDER BY horizon, alias").map(toAlias);
}

/** What an alias of a horizon points to. */
export function aliasOf(
  ledger: Ledger,
  horizon: string,
  alias: ModelAlias["alias"],
): ModelAlias | undefined {
  const row = ledger.get(
    "SELECT * FROM model_alias WHERE horizon = ? AND alias = ?",
    horizon,
    alias,
  );
  return row && toAlias(row);
}

/**
 * The champion as a night as of `asOf` found it: one that the night itself has named, in an attempt
 * that was cut short, is left out, so that the night sees the same when it goes on.
 */
export function championBefore(
  ledger: Ledger,
  horizon: string,
  asOf: string,
): ModelAlias | undefined {
  return (["champion", "previous"] as const)
    .map((alias) => aliasOf(ledger, horizon, alias))
    .find((found) => found !== undefined && found.asOf < asOf);
}

/**
 * Makes a fit or the random walk the champion of its horizon and keeps what was before as
 * `previous`, in one transaction. Returns whether it moved: saying it twice changes nothing, and an
 * older as-of never moves the alias back.
 */
export function moveChampion(ledger: Ledger, target: Omit<ModelAlias, "alias">): boolean {
  return ledger.transaction(() => {
    const current = aliasOf(ledger, target.horizon, "champion");
    if (current && isSameFit(current, target)) return false;
    if (current && current.asOf > target.asOf) return false;
    if (current) putAlias(ledger, { ...current, alias: "previous" });
    putAlias(ledger, { ...target, alias: "champion" });
    return true;
  });
}

/** Whether two aliases point to the same. */
export function isSameFit(
  left: Pick<ModelAlias, "algorithm" | "version">,
  right: Pick<ModelAlias, "algorithm" | "version">,
): boolean {
  return left.algorithm === right.algorithm && left.version === right.version;
}

function putAlias(ledger: Ledger, alias: ModelAlias): void {
  ledger.run(
    `INSERT OR REPLACE INTO model_alias (horizon, alias, algorithm, spec, version, as_of, run, moved_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    alias.horizon,
    alias.alias,
    alias.algorithm,
    alias.spec,
    alias.version ?? null,
    alias.asOf,
    alias.run ?? null,
    alias.movedMs,
  );
}

/** Reads a row of `champion_decision`. */
export function toDecision(values: LedgerRow): ChampionDecision {
  const row = new Row(values);
  return {
    horizon: row.text("horizon"),
    asOf: row.text("as_of"),
    maker: row.oneOf("maker", DECISION_MAKERS),
    kind: row.text("kind"),
    algorithm: row.text("algorithm"),
    spec: row.text("spec"),
    run: row.textIfAny("run"),
    who: row.textIfAny("who"),
    reason: row.text("reason"),
    numbers: row.json("numbers", (value): value is unknown => value !== undefined),
    decidedMs: row.number("decided_ms"),
  };
}

function toAlias(values: LedgerRow): ModelAlias {
  const row = new Row(values);
  return {
    horizon: row.text("horizon"),
    alias: row.oneOf("alias", ["champion", "previous"]),
    algorithm: row.text("algorithm"),
    spec: row.text("spec"),
    version: row.textIfAny("version"),
    asOf: row.text("as_of"),
    run: row.textIfAny("run"),
    movedMs: row.number("moved_ms"),
  };
}
