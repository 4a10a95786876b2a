import { z } from "zod";
import { Failure } from "../../system/failure.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { canonicalJson, hashText } from "../../system/files.ts";
import { bigqueryFailure, EXISTS, isFailure, NOT_FOUND } from "./errors.ts";
import type { BigQueryRest } from "./rest.ts";
import { tableReference } from "./tables.ts";

const jobSchema = z.object({
  jobReference: z.object({ jobId: z.string().optional(), location: z.string().optional() }),
  configuration: z.object({
    labels: z.record(z.string(), z.string()).optional(),
    query: z.object({ destinationTable: tableReference.optional() }).optional(),
  }),
  status: z.object({
    state: z.string(),
    errorResult: z
      .object({ reason: z.string().default(""), message: z.string().default("") })
      .optional(),
  }),
  statistics: z.object({
    totalBytesProcessed: z.coerce.number().optional(),
    query: z
      .object({
        totalBytesBilled: z.coerce.number().optional(),
        totalBytesProcessed: z.coerce.number().optional(),
        referencedTables: z.array(tableReference).optional(),
      })
      .optional(),
  }),
});

export type Job = z.infer<typeof jobSchema>;

/** A job to be done. Equal names and configurations are the same job, however often asked for. */
export interface JobRequest {
  /** Says what for, in letters, digits and hyphens: `2025-12-31-merge`. */
  name: string;
  configuration: Record<string, unknown>;
  /** The content of a load job. */
  upload?: string | Uint8Array;
  location: string;
  signal: AbortSignal;
}

const ATTEMPTS_MAX = 4;
const NUMBERS_MAX = 50;
const LABEL = "cbi";
const POLL_MS = { first: 50, most: 2_000 };
const CANCEL_MS = 15_000;

/**
 * Runs a job to its end under an id that follows from its name and configuration: one that is there
 * already is ours, from before a crash or a cut connection, and is waited for. A failed id stays taken,
 * so the next attempt has the next number. When the signal is aborted the job is cancelled, and its end
 * awaited before the reason is thrown, so that nothing of it happens later.
 */
export async function runJob(rest: BigQueryRest, request: JobRequest): Promise<Job> {
  const hash = hashText(canonicalJson(request.configuration)).slice(0, 12);
  let attempts = 0;
  for (let number = 1; ; number++) {
    const jobId = `cbi-${request.name}-${hash}-a${number}`;
    const { job, isAdopted } = await startOrAdopt(rest, request, { jobId, hash });
    const error = job.status.errorResult;
    if (!error) return job;
    // A failure of an earlier night says nothing about this one.
    if (isAdopted && number < NUMBERS_MAX) continue;
    const failure = bigqueryFailure({ status: 0, ...error });
    attempts += 1;
    if (failure.class !== "retryable" || attempts >= ATTEMPTS_MAX) throw failure;
    await rest.clock.sleep(1000 * 2 ** attempts * (0.5 + rest.random.fraction()), request.signal);
  }
}

async function startOrAdopt(
  rest: BigQueryRest,
  request: JobRequest,
  { jobId, hash }: { jobId: string; hash: string },
): Promise<{ job: Job; isAdopted: boolean }> {
  const { location, configuration, upload, signal } = request;
  signal.throwIfAborted();
  try {
    let isAdopted = false;
    let job: Job;
    try {
      job = await rest.call(jobSchema, {
        method: "POST",
        path: "jobs",
        body: {
          jobReference: { projectId: rest.project, jobId, location },
          configuration: { ...configuration, labels: { [LABEL]: hash } },
        },
        ...(upload === undefined ? {} : { upload }),
        isUncut: true,
        signal,
      });
      signal.throwIfAborted();
    } catch (error) {
      if (!isFailure(error, EXISTS)) throw error;
      job = await getJob(rest, jobId, location, signal);
      if (job.configuration.labels?.[LABEL] !== hash) throw foreignJob(jobId);
      isAdopted = job.status.state === "DONE";
    }
    return { job: await waitFor(rest, jobId, location, job, signal), isAdopted };
  } catch (error) {
    if (signal.aborted) await cancel(rest, jobId, location);
    throw error;
  }
}

async function waitFor(
  rest: BigQueryRest,
  jobId: string,
  location: string,
  started: Job,
  signal: AbortSignal,
): Promise<Job> {
  let job = started;
  for (let delay = POLL_MS.first; job.status.state !== "DONE"; delay *= 1.5) {
    await rest.clock.sleep(Math.min(delay, POLL_MS.most), signal);
    job = await getJob(rest, jobId, location, signal);
  }
  return job;
}

async function getJob(
  rest: BigQueryRest,
  jobId: string,
  location: string,
  signal: AbortSignal,
): Promise<Job> {
  return rest.call(jobSchema, {
    method: "GET",
    path: `jobs/${jobId}`,
    query: { location },
    signal,
  });
}

/** Asks for the end of a job that may never have begun, and waits for it a while. */
async function cancel(rest: BigQueryRest, jobId: string, location: string): Promise<void> {
  const signal = AbortSignal.timeout(CANCEL_MS);
  try {
    const path = `jobs/${jobId}/cancel`;
    await rest.call(z.unknown(), { method: "POST", path, query: { location }, signal });
    const job = await getJob(rest, jobId, location, signal);
    await waitFor(rest, jobId, location, job, signal);
  } catch (error) {
    // It never began, or nobody answers: the next upload looks for it again.
    if (!isFailure(error, NOT_FOUND) && !signal.aborted && !(error instanceof Failure)) throw error;
  }
}

const listSchema = z.object({
  jobs: z.array(z.object({ jobReference: z.object({ jobId: z.string() }) })).default([]),
});

/** Waits for jobs of ours that are still under way, such as those of a run that was killed. */
export async function awaitRunning(
  rest: BigQueryRest,
  prefix: string,
  location: string,
  signal: AbortSignal,
): Promise<void> {
  const { jobs } = await rest.call(listSchema, {
    method: "GET",
    path: "jobs",
    query: { stateFilter: ["pending", "running"], projection: "minimal", maxResults: "200" },
    signal,
  });
  for (const { jobReference } of jobs) {
    const { jobId } = jobReference;
    if (!jobId.startsWith(prefix)) continue;
    const job = await getJob(rest, jobId, location, signal);
    await waitFor(rest, jobId, location, job, signal);
  }
}

/** What a query would process, in bytes, and the tables it reads. Nothing is run or billed. */
export async function dryRun(
  rest: BigQueryRest,
  request: { sql: string; location: string; signal: AbortSignal },
): Promise<{ bytes: number; tables: z.infer<typeof tableReference>[] }> {
  const job = await rest.call(jobSchema, {
    method: "POST",
    path: "jobs",
    body: {
      jobReference: { projectId: rest.project, location: request.location },
      configuration: { dryRun: true, query: { query: request.sql, useLegacySql: false } },
    },
    signal: request.signal,
  });
  const error = job.status.errorResult;
  if (error) throw bigqueryFailure({ status: 0, ...error });
  const { query, totalBytesProcessed } = job.statistics;
  return {
    bytes: query?.totalBytesProcessed ?? totalBytesProcessed ?? 0,
    tables: query?.referencedTables ?? [],
  };
}

function foreignJob(jobId: string): Failure {
  return new Failure({
    code: "CBI_BIGQUERY_JOB_TAKEN",
    message: `the job id ${jobId} is taken by another program's job`,
    remedy: "Run again.",
    exit: ExitCode.unavailable,
    class: "retryable",
  });
}
