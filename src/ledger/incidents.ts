import type { Ledger, LedgerRow } from "./ledger.ts";
import { Row } from "./row.ts";

const SEVERITIES = ["warn", "fail"] as const;

/** Something that is not well, from the alert that opened it to the one that ends it. */
export interface Incident {
  id: number;
  key: string;
  kind: string;
  job: string | undefined;
  severity: (typeof SEVERITIES)[number];
  message: string;
  /** Whether people were told that one of them is needed. */
  isEscalated: boolean;
  openedMs: number;
  toldMs: number;
}

/** What an alert says of an incident at its opening, or when it became worse. */
export type IncidentState = Pick<
  Incident,
  "key" | "kind" | "job" | "severity" | "message" | "isEscalated"
>;

/** Incidents that have not recovered, the oldest first. */
export function openIncidents(ledger: Ledger): Incident[] {
  return ledger
    .all("SELECT * FROM incident WHERE recovered_ms IS NULL ORDER BY id")
    .map(toIncident);
}

/** Opens an incident with its first alert; false when one of its key is open already. In a transaction. */
export function openIncident(ledger: Ledger, state: IncidentState, nowMs: number): boolean {
  const row = ledger.get(
    `INSERT INTO incident (key, kind, job, severity, message, is_escalated, opened_ms, told_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) WHERE recovered_ms IS NULL DO NOTHING RETURNING id`,
    state.key,
    state.kind,
    state.job ?? null,
    state.severity,
    state.message,
    state.isEscalated ? 1 : 0,
    nowMs,
    nowMs,
  );
  if (!row) return false;
  keepAlert(ledger, new Row(row).number("id"), "opened", state.message, nowMs);
  return true;
}

/**
 * Records that people were told of an open incident again. Its severity is the worst that they were
 * told of, so that one which goes back and forth does not escalate without end. In a transaction.
 */
export function tellIncident(
  ledger: Ledger,
  edge: "escalated" | "reminded",
  state: IncidentState,
  nowMs: number,
): boolean {
  const row = ledger.get(
    `UPDATE incident SET severity = CASE severity WHEN 'fail' THEN severity ELSE ? END, message = ?, is_escalated = max(is_escalated, ?), told_ms = ?
     WHERE key = ? AND recovered_ms IS NULL RETURNING id`,
    state.severity,
    state.message,
    state.isEscalated ? 1 : 0,
    nowMs,
    state.key,
  );
  if (!row) return false;
  keepAlert(ledger, new Row(row).number("id"), edge, state.message, nowMs);
  return true;
}

/** Whatever was told by a clock that was ahead counts as told now. In a transaction. */
export function capTold(ledger: Ledger, nowMs: number): void {
  ledger.run(
    "UPDATE incident SET told_ms = ? WHERE recovered_ms IS NULL AND told_ms > ?",
    nowMs,
    nowMs,
  );
}

/** Ends an open incident with its last alert. In a transaction. */
export function recoverIncident(ledger: Ledger, key: string, nowMs: number): boolean {
  const row = ledger.get(
    "UPDATE incident SET recovered_ms = ? WHERE key = ? AND recovered_ms IS NULL RETURNING id, message",
    nowMs,
    key,
  );
  if (!row) return false;
  const recovered = new Row(row);
  keepAlert(ledger, recovered.number("id"), "recovered", recovered.text("message"), nowMs);
  return true;
}

/** Every alert of the incidents with this key, `opened`, `recovered` and so on, the oldest first. */
export function alertsOf(ledger: Ledger, key: string): string[] {
  return ledger
    .all(
      "SELECT edge FROM alert JOIN incident ON incident.id = alert.incident WHERE key = ? ORDER BY alert.id",
      key,
    )
    .map((row) => new Row(row).text("edge"));
}

function keepAlert(
  ledger: Ledger,
  incident: number,
  edge: string,
  message: string,
  nowMs: number,
): void {
  ledger.run(
    "INSERT INTO alert (incident, edge, message, told_ms) VALUES (?, ?, ?, ?)",
    incident,
    edge,
    message,
    nowMs,
  );
}

function toIncident(record: LedgerRow): Incident {
  const row = new Row(record);
  return {
    id: row.number("id"),
    key: row.text("key"),
    kind: row.text("kind"),
    job: row.textIfAny("job"),
    severity: row.oneOf("severity", SEVERITIES),
    message: row.text("message"),
    isEscalated: row.number("is_escalated") === 1,
    openedMs: row.number("opened_ms"),
    toldMs: row.number("told_ms"),
  };
}
