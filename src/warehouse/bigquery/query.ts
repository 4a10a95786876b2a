import { z } from "zod";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { dryRun, type Job, runJob } from "./jobs.ts";
import type { BigQueryRest } from "./rest.ts";
import { type Cost, FREE } from "../warehouse.ts";
import { schemaSchema, type Field, type TableReference } from "./tables.ts";

/** What all work on one warehouse shares. */
export interface Session {
  rest: BigQueryRest;
  location: string;
  /** The most bytes that one query may bill. */
  bytesMax: number;
  /** Told what each query cost when it has ended. */
  meter: Meter;
}

/** Adds up what queries cost, for itself and for the meter that it is a part of. */
export class Meter {
  readonly #whole: Meter | undefined;
  #cost: Cost = FREE;

  constructor(whole?: Meter) {
    this.#whole = whole;
  }

  get cost(): Cost {
    return this.#cost;
  }

  add(more: Cost): void {
    const { bytesEstimated, bytesBilled } = this.#cost;
    this.#cost = {
      bytesEstimated: bytesEstimated + more.bytesEstimated,
      bytesBilled: bytesBilled + more.bytesBilled,
    };
    this.#whole?.add(more);
  }
}

/** The same world with a meter of its own, so that one piece of work knows what it cost. */
export function metered<World extends { session: Session }>(world: World): World {
  return { ...world, session: { ...world.session, meter: new Meter(world.session.meter) } };
}

/** A query that ran: where its rows lie for a day, and what it cost. */
export interface QueryResult extends Cost {
  jobId: string;
  destination: TableReference | undefined;
}

const MEBIBYTE = 1024 * 1024;
/** What a query bills at least for each table: https://cloud.google.com/bigquery/pricing. */
const TABLE_BYTES_MIN = 10 * MEBIBYTE;
const MARGIN = 1.2;
const POLL_MS = 1_000;

/**
 * Runs one statement behind the cost guard: a dry run tells the bytes, too many are refused by
 * number, and the job itself carries the limit. A statement with an effect has a `name` that stays the
 * same when it is repeated; a question has one of its own, since BigQuery keeps its answers itself.
 */
export async function runQuery(
  session: Session,
  request: {
    name: string;
    sql: string;
    isRepeatable: boolean;
    /** Several statements, of which a dry run cannot tell the bytes. */
    isScript?: boolean;
    signal: AbortSignal;
  },
): Promise<QueryResult> {
  const { rest, location, bytesMax } = session;
  const { sql, signal, isRepeatable } = request;
  const { bytes, tables } = await dryRun(rest, { sql, location, signal });
  if (bytes > bytesMax) throw tooDear(request.name, bytes, bytesMax);
  const isUnknown = request.isScript === true;
  const least = isUnknown ? bytesMax : TABLE_BYTES_MIN * Math.max(1, tables.length);
  const limit = Math.min(bytesMax, Math.max(least, Math.ceil(MARGIN * bytes)));
  const name = isRepeatable ? request.name : `${request.name}-${rest.random.hex(6)}`;
  const job = await runJob(rest, {
    name,
    location,
    signal,
    configuration: {
      query: { query: sql, useLegacySql: false, maximumBytesBilled: String(limit) },
    },
  });
  const result: QueryResult = {
    jobId: job.jobReference.jobId ?? "",
    destination: job.configuration.query?.destinationTable,
    bytesEstimated: bytes,
    bytesBilled: billed(job),
  };
  session.meter.add(result);
  return result;
}

function billed(job: Job): number {
  return job.statistics.query?.totalBytesBilled ?? 0;
}

const pageSchema = z.object({
  jobComplete: z.boolean().default(true),
  schema: schemaSchema.optional(),
  totalRows: z.coerce.number().default(0),
  pageToken: z.string().nullish(),
  rows: z.array(z.object({ f: z.array(z.object({ v: z.unknown().optional() })) })).default([]),
});

/** One page of a result. A cell is text, or null. */
export interface Page {
  fields: Field[];
  rows: unknown[][];
}

/**
 * The pages of a query's result, with at most `rowsMax` rows each. Throws where they do not come to as many
 * rows as BigQuery says that there are.
 */
export async function* resultPages(
  session: Session,
  jobId: string,
  rowsMax: number,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  let pageToken: string | undefined;
  let rows = 0;
  do {
    const page = await resultPage(session, { jobId, rowsMax, pageToken }, signal);
    rows += page.rows.length;
    pageToken = page.pageToken ?? undefined;
    // Also where pages would never end.
    const isEmpty = page.rows.length === 0;
    if (
      rows > page.totalRows ||
      ((pageToken === undefined || isEmpty) && rows !== page.totalRows)
    ) {
      throw partial(rows, page.totalRows);
    }
    yield {
      fields: page.schema?.fields ?? [],
      rows: page.rows.map(({ f }) => f.map(({ v }) => v)),
    };
    if (isEmpty) return;
  } while (pageToken !== undefined);
}

/** How many rows a query's result has. */
export async function resultRows(
  session: Session,
  jobId: string,
  signal: AbortSignal,
): Promise<number> {
  return (await resultPage(session, { jobId, rowsMax: 0, pageToken: undefined }, signal)).totalRows;
}

async function resultPage(
  { rest, location }: Session,
  request: { jobId: string; rowsMax: number; pageToken: string | undefined },
  signal: AbortSignal,
): Promise<z.infer<typeof pageSchema>> {
  const { jobId, rowsMax, pageToken } = request;
  for (;;) {
    const page = await rest.call(pageSchema, {
      method: "GET",
      path: `queries/${jobId}`,
      query: {
        location,
        maxResults: String(rowsMax),
        // Whole microseconds instead of a rounded number of seconds.
        "formatOptions.useInt64Timestamp": "true",
        ...(pageToken === undefined ? {} : { pageToken }),
      },
      signal,
    });
    if (page.jobComplete) return page;
    await rest.clock.sleep(POLL_MS, signal);
  }
}

function partial(rows: number, total: number): Failure {
  return new Failure({
    code: "CBI_BIGQUERY_PARTIAL",
    message: `BigQuery says that the result has ${total} rows; it sent ${rows}`,
    remedy: "Run again.",
    exit: ExitCode.unavailable,
    class: "retryable",
  });
}

const ROWS_A_PAGE = 10_000;

/** All rows of a small result as objects of texts and nulls. */
export async function queryObjects(
  session: Session,
  request: { name: string; sql: string; signal: AbortSignal },
): Promise<{ rows: Record<string, unknown>[]; result: QueryResult }> {
  const result = await runQuery(session, { ...request, isRepeatable: false });
  const rows: Record<string, unknown>[] = [];
  for await (const page of resultPages(session, result.jobId, ROWS_A_PAGE, request.signal)) {
    for (const row of page.rows) {
      rows.push(Object.fromEntries(page.fields.map(({ name }, place) => [name, row[place]])));
    }
  }
  return { rows, result };
}

/** The refusal of a query by its price. */
export function tooDear(name: string, bytes: number, bytesMax: number): Failure {
  return new Failure({
    code: "CBI_COST_LIMIT",
    message: `the query '${name}' would bill ${bytes} bytes; the limit is ${bytesMax}`,
    remedy: "Raise warehouse.maximum_bytes_billed in cbi.yaml, or make the tables smaller.",
    exit: ExitCode.unavailable,
  });
}
