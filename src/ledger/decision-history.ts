import { aliasOf, decisions, toDecision, type ChampionDecision } from "./champions.ts";
import type { Ledger } from "./ledger.ts";
import { Row } from "./row.ts";

/**
 * The day that a person's decision gets: `asOf`, or the newest day that a decision or the champion
 * of the horizon has. Were it older than those, they would still be in force after it.
 */
export function dayOfPersonsDecision(ledger: Ledger, horizon: string, asOf: string): string {
  const [newest] = decisions(ledger, { horizon, limit: 1 });
  const days = [asOf, newest?.asOf, aliasOf(ledger, horizon, "champion")?.asOf];
  return days
    .filter((day) => day !== undefined)
    .reduce((left, right) => (left > right ? left : right));
}

/** A person's newest decision on a horizon. */
export function lastPersonsDecision(ledger: Ledger, horizon: string): ChampionDecision | undefined {
  const row = ledger.get(
    "SELECT * FROM champion_decision WHERE horizon = ? AND maker = 'person' ORDER BY as_of DESC, id DESC LIMIT 1",
    horizon,
  );
  return row && toDecision(row);
}

/**
 * The last change of who predicts a horizon: the newest decision for another spec than the one
 * before, and the newest decision for that one before. Undefined where there never was a change.
 */
export function lastChange(
  ledger: Ledger,
  horizon: string,
): { change: ChampionDecision; before: ChampionDecision } | undefined {
  const found = ledger.get(
    `SELECT * FROM champion_decision
     WHERE horizon = ?1 AND spec <> (SELECT spec FROM champion_decision WHERE horizon = ?1 ORDER BY as_of DESC, id DESC LIMIT 1)
     ORDER BY as_of DESC, id DESC LIMIT 1`,
    horizon,
  );
  if (!found) return undefined;
  const before = toDecision(found);
  const change = ledger.get(
    `SELECT * FROM champion_decision WHERE horizon = ? AND (as_of, id) > (?, ?)
     ORDER BY as_of, id LIMIT 1`,
    horizon,
    before.asOf,
    new Row(found).number("id"),
  );
  return change && { change: toDecision(change), before };
}
