import {
  capTold,
  openIncident,
  openIncidents,
  recoverIncident,
  tellIncident,
  type IncidentState,
} from "../ledger/incidents.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { alertEdges, type Edge } from "./alert-edges.ts";
import type { FindingKind } from "./finding.ts";

/**
 * Keeps what people are told now and returns it; with its incident an alert is told, or neither is. Who
 * looked for one kind of finding alone says so, and leaves incidents of other kinds as they are.
 */
export function tellAlerts(
  ledger: Ledger,
  findings: Parameters<typeof alertEdges>[1],
  nowMs: number,
  only?: FindingKind,
): Edge[] {
  return ledger.transaction(() => {
    // A clock that was ahead must not silence reminders for ever, nor one that is behind repeat them.
    if (!findings.some(({ kind }) => kind === "clock")) capTold(ledger, nowMs);
    const open = openIncidents(ledger).filter(({ kind }) => only === undefined || kind === only);
    const edges = alertEdges(open, findings, nowMs);
    return edges.filter((edge) => keep(ledger, edge, nowMs));
  });
}

function keep(ledger: Ledger, { edge, key, finding }: Edge, nowMs: number): boolean {
  if (edge === "recovered" || !finding) return recoverIncident(ledger, key, nowMs);
  const { kind, job, severity, message, needsPerson } = finding;
  const state: IncidentState = { key, kind, job, severity, message, isEscalated: needsPerson };
  return edge === "opened"
    ? openIncident(ledger, state, nowMs)
    : tellIncident(ledger, edge, state, nowMs);
}
