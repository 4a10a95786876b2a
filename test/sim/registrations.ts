import type { DatabaseSync } from "node:sqlite";

/** One schedule of a job, and from when on its slots count; undefined from when on it is gone. */
export interface Registration {
  job: string;
  schedule: string | undefined;
  sinceMs: number;
}

/** From now on every schedule that a job gets is kept, in order. Harmless again and again. */
export function watchRegistrations(ledger: DatabaseSync): void {
  if (!isWatched(ledger)) {
    ledger.exec(`CREATE TEMP TABLE registration (job, schedule, since_ms);
      INSERT INTO registration SELECT name, schedule, since_ms FROM main.job`);
  }
  ledger.exec(`CREATE TEMP TRIGGER IF NOT EXISTS registered AFTER INSERT ON main.job
    BEGIN INSERT INTO registration VALUES (NEW.name, NEW.schedule, NEW.since_ms); END;
    CREATE TEMP TRIGGER IF NOT EXISTS registered_anew AFTER UPDATE OF schedule, since_ms ON main.job
    WHEN NEW.schedule IS NOT OLD.schedule OR NEW.since_ms IS NOT OLD.since_ms
    BEGIN INSERT INTO registration VALUES (NEW.name, NEW.schedule, NEW.since_ms); END;
    CREATE TEMP TRIGGER IF NOT EXISTS retired AFTER DELETE ON main.job
    BEGIN INSERT INTO registration VALUES (OLD.name, NULL, OLD.through_ms); END`);
}

/** Takes what was kept since the last time, in order. */
export function takeRegistrations(ledger: DatabaseSync): Registration[] {
  if (!isWatched(ledger)) return [];
  const kept = ledger
    .prepare("SELECT job, schedule, since_ms FROM temp.registration ORDER BY rowid")
    .all()
    .map(({ job, schedule, since_ms: sinceMs }) => ({
      job: String(job),
      schedule: typeof schedule === "string" ? schedule : undefined,
      sinceMs: Number(sinceMs),
    }));
  ledger.exec("DELETE FROM temp.registration");
  return kept;
}

function isWatched(ledger: DatabaseSync): boolean {
  const known = "SELECT 1 FROM temp.sqlite_master WHERE name = 'registration'";
  return ledger.prepare(known).get() !== undefined;
}
