import type { DatabaseSync } from "node:sqlite";
import type { StageContext } from "../../src/pipeline/stage.ts";
import type { Mac } from "./mac/mac.ts";
import type { SimProcess } from "./mac/process.ts";

import { SWEEP } from "./home/config.ts";
import { takeRegistrations, watchRegistrations, type Registration } from "./registrations.ts";

const REMIND_MIN_MS = 12 * 3_600_000;

/** Watches the safety of a simulation: what must never be, whatever happens to the machine. */
export class Checks {
  readonly violations: string[] = [];
  /** Every schedule that a job had, and from when on. */
  readonly registrations: Registration[] = [];
  /** Whether persons run slots again. */
  hasPeople = false;
  /** Whether the clock is set: what was due when is then not for sure. */
  hasWrongClocks = false;
  readonly #mac: Mac;
  readonly #ledgerFile: string;
  readonly #groups: Readonly<Record<string, string>>;
  readonly #writers = new Map<string, SimProcess>();
  readonly #uploads = new Map<string, string>();
  readonly #reminded = new Map<string, { trueMs: number; wallMs: number }>();
  /** Since when a time of the day is one of the job that is edited. */
  readonly #timesMs = new Map(
    SWEEP.minutes.map((minute, index) => [`${index === 0 ? "02" : "14"}:${minute}`, 0]),
  );
  readonly #hanging = new Set<string>();
  readonly #ended = new Map<string, string>();

  constructor(mac: Mac, ledgerFile: string, groups: Readonly<Record<string, string>>) {
    this.#mac = mac;
    this.#ledgerFile = ledgerFile;
    this.#groups = groups;
  }

  fail(message: string): void {
    const at = new Date(this.#mac.wallMs).toISOString();
    if (this.violations.length < 20) this.violations.push(`${at} ${message}`);
  }

  /** At most one live writer: until disposed of, or its process's death. */
  writer(what: string, process: SimProcess): Disposable {
    const other = this.#writers.get(what);
    if (other && !other.isDead && other !== process) {
      this.fail(
        `two live writers of ${what}: ${other.name} (${other.pid}) and ${process.name} (${process.pid})`,
      );
    }
    this.#writers.set(what, process);
    const forget = (): void => {
      if (this.#writers.get(what) === process) this.#writers.delete(what);
    };
    process.atDeath(forget);
    return { [Symbol.dispose]: forget };
  }

  /** A command began: its job and its group are its own, and its slot has no verdict yet. */
  programStarts(process: SimProcess): void {
    const { CBI_JOB: job = "", CBI_SLOT: slot } = process.environment;
    this.writer(`job ${job}`, process);
    const group = this.#groups[job];
    if (group !== undefined) this.writer(`group ${group}`, process);
    if (slot !== undefined && slot !== "") this.#mustBeOpen(job, slot);
  }

  programDone(process: SimProcess): void {
    if (process.isDead) this.fail(`a dead ${process.name} went on`);
  }

  /** From now on it hangs, and ending its run is right. */
  programHangs({ environment }: SimProcess): void {
    this.#hanging.add(environment["CBI_RUN"] ?? "");
  }

  stageStarts({ ledger, run, job }: StageContext, name: string): void {
    const slot = ledger.get("SELECT slot FROM run WHERE id = ?", run)?.["slot"];
    if (typeof slot === "string") this.#mustBeOpen(job, slot, name);
  }

  /** The remote side is keyed: the same key gets the same rows, however often. */
  uploaded(key: string, hash: string): void {
    const before = this.#uploads.get(key);
    if (before !== undefined && before !== hash) this.fail(`${key} was uploaded with other rows`);
    this.#uploads.set(key, hash);
  }

  /** People are told; at most once a day again, by one clock or the other. */
  told(edge: string, key: string): void {
    if (edge !== "reminded") return;
    const { trueMs, wallMs } = this.#mac;
    const before = this.#reminded.get(key);
    this.#reminded.set(key, { trueMs, wallMs });
    if (!before) return;
    const isSoon = trueMs - before.trueMs < REMIND_MIN_MS;
    if (isSoon && Math.abs(wallMs - before.wallMs) < REMIND_MIN_MS) {
      this.fail(`reminded twice within half a day: ${key}`);
    }
  }

  /** The ledger as it is on the disk. */
  ledger(): DatabaseSync | undefined {
    const node = this.#mac.disk.find(this.#ledgerFile);
    if (node?.kind !== "file") return undefined;
    return this.#mac.stores.of(node.ino, node.content).database;
  }

  /** From now on the job that is edited has these times; none of them counts before. */
  edited([night, noon]: readonly [number, number]): void {
    for (const time of [`02:${night}`, `14:${noon}`]) {
      if (!this.#timesMs.has(time)) this.#timesMs.set(time, this.#mac.trueMs);
    }
  }

  /** From now on every change of a verdict is kept, and of a registration. Asked again and again: a ledger may be replaced. */
  watchVerdicts(): void {
    const ledger = this.ledger();
    if (!ledger || !isMigrated(ledger)) return;
    ledger.exec(`CREATE TEMP TABLE IF NOT EXISTS verdict_change (job, name, before, after);
      CREATE TEMP TRIGGER IF NOT EXISTS verdict_changed AFTER UPDATE OF verdict ON main.slot
      WHEN OLD.verdict IS NOT NULL AND NEW.verdict IS NOT OLD.verdict
      BEGIN INSERT INTO verdict_change VALUES (OLD.job, OLD.name, OLD.verdict, NEW.verdict); END`);
    watchRegistrations(ledger);
  }

  /** Takes what was noted beside the ledger, which a power cut may put back to what it was. */
  takeNotes(): void {
    const ledger = this.ledger();
    if (!ledger) return;
    this.registrations.push(...takeRegistrations(ledger));
    if (isMigrated(ledger)) this.#judgeChanges(ledger);
  }

  /** What the ledger must never hold. */
  judgeLedger(): void {
    const ledger = this.ledger();
    if (!ledger) return;
    this.watchVerdicts();
    this.takeNotes();
    this.#none(
      ledger,
      `SELECT name || ' ' || fingerprint AS said FROM stage WHERE state = 'done' AND reused_from IS NULL
       GROUP BY name, fingerprint HAVING count(*) > 1`,
      "a finished stage was done again",
    );
    this.#none(
      ledger,
      `SELECT job || '@' || slot AS said FROM run WHERE state = 'done' AND slot IS NOT NULL
       GROUP BY job, slot HAVING count(*) > 1`,
      "a slot has two runs that are done",
    );
    this.#judgeVerdicts(ledger);
    this.#judgeEdits(ledger);
    const timedOut = "SELECT id FROM run WHERE error LIKE '%_TIMED_OUT%' OR error LIKE '%_SILENT%'";
    for (const { id } of ledger.prepare(timedOut).all()) {
      if (!this.#hanging.has(String(id))) this.fail(`run ${String(id)} was ended and did not hang`);
    }
    const hung = "SELECT DISTINCT run FROM attempt WHERE reason LIKE 'it hung%'";
    for (const { run } of ledger.prepare(hung).all()) {
      if (!this.#hanging.has(String(run))) this.fail(`run ${String(run)} was ended as if it hung`);
    }
    this.#judgeAlerts(ledger);
  }

  #judgeChanges(ledger: DatabaseSync): void {
    const isWatched = "SELECT 1 FROM temp.sqlite_master WHERE name = 'verdict_change'";
    if (!ledger.prepare(isWatched).get()) return;
    this.#none(
      ledger,
      `SELECT job || '@' || name || ' was ' || before || ' and became ' || coalesce(after, 'open') AS said
       FROM temp.verdict_change WHERE before = 'done' OR after IS NOT NULL`,
      "a verdict changed",
    );
  }

  /** What once had a verdict has it for ever, unless a person takes a slot that was not done again. */
  #judgeVerdicts(ledger: DatabaseSync): void {
    const now = new Map<string, string>();
    const rows = ledger.prepare("SELECT job || '@' || name AS slot, verdict FROM slot").all();
    for (const { slot, verdict } of rows) {
      if (typeof verdict === "string") now.set(String(slot), verdict);
    }
    for (const [slot, verdict] of this.#ended) {
      const isKept = now.get(slot) === verdict || (this.hasPeople && verdict !== "done");
      if (!isKept) this.fail(`${slot} was ${verdict} and is ${now.get(slot) ?? "open"}`);
    }
    for (const [slot, verdict] of now) this.#ended.set(slot, verdict);
  }

  /** An edit starts nothing of before: slots of the new times count from then on. */
  #judgeEdits(ledger: DatabaseSync): void {
    if (this.#timesMs.size === 2 || this.hasWrongClocks) return;
    const rows = ledger.prepare("SELECT name, due_ms FROM slot WHERE job = 'sweep'").all();
    for (const { name, due_ms: dueMs } of rows) {
      const sinceMs = this.#timesMs.get(String(name).slice(11)) ?? Number.NEGATIVE_INFINITY;
      if (Number(dueMs) < sinceMs) this.fail(`sweep@${String(name)} is of before its schedule`);
    }
  }

  #judgeAlerts(ledger: DatabaseSync): void {
    this.#none(
      ledger,
      `SELECT key || ' ' || edge AS said FROM alert JOIN incident ON incident.id = alert.incident
       WHERE edge IN ('opened', 'recovered') GROUP BY incident.id, edge HAVING count(*) > 1`,
      "an incident was told twice",
    );
    this.#none(
      ledger,
      `SELECT key AS said FROM incident WHERE kind IN ('dead', 'stuck') GROUP BY key HAVING count(*) > 1`,
      "what is over was told again",
    );
    if (!this.hasPeople) {
      this.#none(
        ledger,
        `SELECT key || ' ' || substr(alert.message, 1, instr(alert.message, ' ')) AS said
         FROM alert JOIN incident ON incident.id = alert.incident
         WHERE edge = 'opened' AND kind IN ('failed', 'missed') GROUP BY said HAVING count(*) > 1`,
        "an incident of one slot was opened twice",
      );
    }
  }

  #mustBeOpen(job: string, slot: string, what = "a program"): void {
    const row = this.ledger()
      ?.prepare("SELECT verdict FROM slot WHERE job = ? AND name = ?")
      .get(job, slot);
    if (!row) this.fail(`${what} of ${job}@${slot} began, and the slot is not claimed`);
    else if (row["verdict"] !== null) {
      this.fail(`${what} of ${job}@${slot} began after its verdict ${String(row["verdict"])}`);
    }
  }

  #none(ledger: DatabaseSync, sql: string, what: string): void {
    for (const row of ledger.prepare(sql).all()) {
      const message = `${what}: ${String(row["said"])}`;
      if (!this.violations.some((known) => known.endsWith(message))) this.fail(message);
    }
  }
}

function isMigrated(ledger: DatabaseSync): boolean {
  return ledger.prepare("SELECT 1 FROM sqlite_master WHERE name = 'alert'").get() !== undefined;
}
