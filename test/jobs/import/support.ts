import assert from "node:assert/strict";
import type { Imported, ImportedJob } from "../../../src/jobs/import/imported.ts";
import { jobsSection } from "../../../src/jobs/import/yaml-jobs.ts";
import { readYaml } from "../../../src/config/yaml-text.ts";
import { parse } from "../../config/support.ts";

const HOME = `version: 1
symbol: WTI
warehouse: { kind: duckdb, sources: { wti: raw/wti.csv } }
price: { table: wti, date: date, column: usd }
horizons: { 1w: 5 }
`;

/** The one job that a text becomes. */
export function only({ jobs, remarks }: Imported): ImportedJob {
  const [job] = jobs;
  assert.ok(job, `no job: ${JSON.stringify(remarks)}`);
  assert.equal(jobs.length, 1);
  return job;
}

/** What is said about a line, or without one about the whole. */
export function said({ remarks }: Imported, line?: number): string {
  const found = remarks.filter((one) => one.line === line);
  return found.map(({ kind, message }) => `${kind}: ${message}`).join("\n");
}

/** Holds what is written to what cbi.yaml takes: the active jobs load, and the others read once uncommented. */
export function assertLoads({ jobs }: Imported): void {
  const section = jobsSection(jobs, "a test");
  const { config } = parse(`${HOME}${section}`);
  const active = jobs.filter(({ held }) => held === undefined);
  assert.deepEqual(
    Object.keys(config.jobs),
    active.map(({ name }) => name),
  );
  const uncommented = section
    .replace("jobs: {}", "jobs:")
    .replaceAll(/^( {2})# (?!line \d|not active:)/gm, "$1");
  const read = readYaml(uncommented);
  assert.ok(read.isWellFormed, uncommented);
  const value = read.value as { jobs: Record<string, Record<string, unknown>> | undefined };
  for (const { name, settings } of jobs) {
    assert.deepEqual(
      JSON.parse(JSON.stringify(value.jobs?.[name])),
      JSON.parse(JSON.stringify(settings)),
    );
  }
}
