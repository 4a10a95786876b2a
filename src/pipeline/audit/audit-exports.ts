import type { DuckDBConnection } from "@duckdb/node-api";
import { addDays } from "../../audit/context.ts";
import type { AuditContext, SessionCalendar } from "../../audit/context.ts";
import { judgeDataset, reportOf } from "../../audit/judge.ts";
import type { AuditReport, AuditedDataset, DatasetFacts } from "../../audit/report.ts";
import { unreadable } from "../../audit/unreadable.ts";
import { nearest } from "../../config/nearest.ts";
import type { Config } from "../../config/schema.ts";
import { withDuckdb } from "../../system/duckdb.ts";
import { messageOf } from "../../system/failure.ts";
import { observe } from "./observe.ts";
import { truncationOf } from "./truncation.ts";
import type { Truncate } from "./truncation.ts";

/** One export to audit. */
export interface AuditDataset {
  horizon: string;
  /** Price rows ahead. */
  horizonRows: number;
  /** Absolute path of the Parquet file. */
  file: string;
  /** The label's column. */
  target: string;
  /** SHA-256 of the file. */
  fingerprint: string;
}

export interface AuditRequest {
  run: string;
  /** ISO day whose close the run may know. */
  asOf: string;
  datasets: readonly AuditDataset[];
  /** `facts` of the newest earlier audit, by horizon; none on a first night. */
  previous: Readonly<Record<string, DatasetFacts | undefined>>;
  /** Features of the spec that predicts, by horizon; none named means that all count as used. */
  championFeatures: Readonly<Record<string, readonly string[] | undefined>>;
  config: { audit: Config["audit"]; train: Pick<Config["train"], "window" | "exclude"> };
  calendar: SessionCalendar;
  signal: AbortSignal;
  /** How the tables are made again on less history; without it that check is not made. */
  truncate?: Truncate;
}

/**
 * Audits the exports: every check of each, none stopping another. What is wrong with the data is in
 * the report; thrown are only the signal's reason and faults that are none of the data's.
 */
export async function auditExports(request: AuditRequest): Promise<AuditReport> {
  const { asOf, run, signal, truncate } = request;
  signal.throwIfAborted();
  const excluded = request.config.train.exclude;
  // Before the scans, which leave the process larger than it is now.
  const more = truncate
    ? await truncationOf(
        request.datasets.map((dataset) => ({ ...dataset, excluded })),
        truncate,
      )
    : undefined;
  const audited = await withDuckdb({ file: ":memory:" }, async (connection) => {
    const interrupt = () => connection.interrupt();
    signal.addEventListener("abort", interrupt);
    try {
      const done: AuditedDataset[] = [];
      for (const dataset of request.datasets) {
        done.push(await auditDataset(connection, dataset, request));
        signal.throwIfAborted();
      }
      return done;
    } finally {
      signal.removeEventListener("abort", interrupt);
    }
  });
  const datasets = audited.map((dataset) => ({
    ...dataset,
    checks: [...dataset.checks, ...(more?.get(dataset.horizon) ?? [])],
  }));
  return reportOf(run, asOf, datasets);
}

async function auditDataset(
  connection: DuckDBConnection,
  dataset: AuditDataset,
  request: AuditRequest,
): Promise<AuditedDataset> {
  const context = contextOf(dataset, request);
  try {
    const seen = await observe(connection, dataset.file, context);
    return judgeDataset(seen, dataset.fingerprint, context);
  } catch (error) {
    request.signal.throwIfAborted();
    const message = messageOf(error);
    if (!isUnreadable(message)) throw error;
    return unreadable(dataset, message);
  } finally {
    await connection.run("DROP TABLE IF EXISTS keys");
  }
}

function contextOf(dataset: AuditDataset, request: AuditRequest): AuditContext {
  const { config, asOf, previous, championFeatures, calendar } = request;
  const years = config.train.window === "all" ? null : Number(config.train.window.slice(0, -1));
  const before = previous[dataset.horizon];
  return {
    asOf,
    horizon: dataset.horizon,
    horizonRows: dataset.horizonRows,
    target: dataset.target,
    excluded: config.train.exclude,
    championFeatures: championFeatures[dataset.horizon] ?? [],
    watch: config.audit.watch,
    freshness: config.audit.freshness,
    calendar,
    windowStart: years === null ? null : addDays(asOf, -Math.round(years * 365.25)),
    ...(before ? { previous: before } : {}),
    nearestName: nearest,
  };
}

/** What DuckDB says of a file that is missing, cut short or damaged, by the class of its errors. */
function isUnreadable(message: string): boolean {
  return /^(IO|Invalid Input|Invalid|Serialization|Conversion|Not implemented) Error|TProtocol|[Pp]arquet/.test(
    message,
  );
}
