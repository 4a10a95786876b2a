import type { Finding } from "./finding.ts";

/** An incident goes on for this long before it is told again. */
export const REMIND_MS = 24 * 3_600_000;

export const EDGE_KINDS = ["opened", "escalated", "reminded", "recovered"] as const;
export type EdgeKind = (typeof EDGE_KINDS)[number];

/** What the edges are decided from: an incident that has not recovered. */
export interface OpenIncident {
  key: string;
  message: string;
  severity: Finding["severity"];
  /** When a person was last told of it. */
  toldMs: number;
  isEscalated: boolean;
}

/** A change that people are told of: one when an incident opens, one when it is over, few between. */
export interface Edge {
  edge: EdgeKind;
  key: string;
  /** The finding behind it; undefined for a recovery. */
  finding: Finding | undefined;
  message: string;
}

/**
 * Compares what is not well with what people know. One alert opens an incident, however often it is
 * found; it is told again when a person is needed or it becomes worse, and once a day; one alert ends
 * it. What is being healed neither opens nor ends anything. While the clock is not believed no job is
 * judged, so that nothing is over either.
 */
export function alertEdges(
  open: readonly OpenIncident[],
  findings: readonly Finding[],
  nowMs: number,
): Edge[] {
  const known = new Map(open.map((incident) => [incident.key, incident]));
  const found = new Map<string, Finding>();
  for (const finding of findings) if (!found.has(finding.key)) found.set(finding.key, finding);
  const edges: Edge[] = [];
  for (const finding of found.values()) {
    const edge = edgeOf(known.get(finding.key), finding, nowMs);
    if (edge) edges.push({ edge, key: finding.key, finding, message: finding.message });
  }
  const isBlind = findings.some(({ kind }) => kind === "clock");
  for (const { key, message } of open) {
    if (!found.has(key) && !isBlind)
      edges.push({ edge: "recovered", key, finding: undefined, message });
  }
  return edges;
}

function edgeOf(
  known: OpenIncident | undefined,
  finding: Finding,
  nowMs: number,
): EdgeKind | undefined {
  if (!known) return finding.isBeingHealed ? undefined : "opened";
  if (finding.isBeingHealed) return undefined;
  const isWorse = known.severity === "warn" && finding.severity === "fail";
  if ((finding.needsPerson && !known.isEscalated) || isWorse) return "escalated";
  return nowMs - known.toldMs >= REMIND_MS ? "reminded" : undefined;
}
