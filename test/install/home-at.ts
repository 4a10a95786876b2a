import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { loadHome, type Home } from "../../src/config/home.ts";

/** A home of a night and a scan in a temporary folder. */
export const JOBS = `jobs:
  nightly: { kind: pipeline, schedule: ['0 0 * * *'], power: { wake: true, awake: ac } }
  scan: { kind: command, schedule: ['30 8 * * 1-5'], argv: ['true'] }
`;

export function makeHome(jobs = JOBS, folder = "home"): string {
  const root = path.join(mkdtempSync(path.join(os.tmpdir(), "cbi-install-")), folder);
  mkdirSync(root, { recursive: true });
  writeFileSync(
    path.join(root, "cbi.yaml"),
    `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd_per_barrel }
horizons: { 1w: 5 }
${jobs}`,
  );
  return root;
}

export async function homeAt(root: string): Promise<Home> {
  return loadHome({ environment: {}, workingDirectory: root, homeOption: root });
}
