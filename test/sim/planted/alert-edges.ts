import * as real from "../../../src/watchdog/alert-edges.ts";
import { plantedBugs } from "./bugs.ts";

// Stands before src/watchdog/alert-edges.ts, and lets everything through unless a bug is planted.

export * from "../../../src/watchdog/alert-edges.ts";

export function alertEdges(
  open: readonly real.OpenIncident[],
  findings: Parameters<typeof real.alertEdges>[1],
  nowMs: number,
): real.Edge[] {
  const edges = real.alertEdges(open, findings, nowMs);
  const told = new Set(edges.map(({ key }) => key));
  if (plantedBugs.has("reminds-each-pass")) {
    for (const finding of findings) {
      const { key, message } = finding;
      if (told.has(key) || !open.some((incident) => incident.key === key)) continue;
      edges.push({ edge: "reminded", key, finding, message });
    }
  }
  if (plantedBugs.has("clock-ends-incidents") && findings.some(({ kind }) => kind === "clock")) {
    const found = new Set(findings.map(({ key }) => key));
    for (const { key, message } of open) {
      if (!found.has(key)) edges.push({ edge: "recovered", key, finding: undefined, message });
    }
  }
  return edges;
}
