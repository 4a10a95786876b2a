import { z } from "zod";
import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import { parseDurationMs } from "../../config/duration.ts";
import type { Clock } from "../../system/clock.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import type { Random } from "../../system/random.ts";
import type { Authorization } from "./credentials.ts";
import { bigqueryFailure, NETWORK, networkFailure } from "./errors.ts";

/** One call of the REST API. Every call that we make may be repeated. */
export interface RestRequest {
  method: "GET" | "POST" | "DELETE" | "PATCH";
  /** Below `projects/<project>/`. */
  path: string;
  query?: Readonly<Record<string, string | readonly string[]>>;
  body?: unknown;
  /** Sends `body` and this content as an upload of a load job. */
  upload?: string | Uint8Array;
  /** Waits for the answer even when the signal is aborted, because the call's effect cannot be unsaid. */
  isUncut?: boolean;
  signal: AbortSignal;
}

/** What a REST client is made of. */
export interface RestOptions {
  settings: Pick<BigQuerySettings, "project" | "endpoint" | "network_wait">;
  authorization: Authorization;
  clock: Clock;
  random: Random;
}

const HOST = "https://bigquery.googleapis.com";
const ANSWER_MS = 120_000;
const RETRY_MS = 240_000;
const DELAY_MS = { first: 500, most: 32_000 };
const BOUNDARY = "cbi-related-part";
/** A page of ours has a hundred thousand cells; BigQuery itself ends pages at some 20 MB. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

const errorSchema = z.object({
  error: z.object({
    message: z.string().default(""),
    errors: z.array(z.object({ reason: z.string().default("") })).default([]),
  }),
});

/**
 * The REST API of BigQuery. Refusals for now (403 rateLimitExceeded, 5xx) and cut connections are
 * tried again with growing delays to a deadline; a network that is not there as long as the
 * configuration says. Throws `Failure`s, or the signal's reason.
 */
export class BigQueryRest {
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  get project(): string {
    return this.#options.settings.project;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  get random(): Random {
    return this.#options.random;
  }

  /** The parsed answer to a call. */
  async call<T>(schema: z.ZodType<T>, request: RestRequest): Promise<T> {
    const { clock, random, settings } = this.#options;
    const started = clock.monotonic();
    const networkMs = parseDurationMs(settings.network_wait) ?? 0;
    for (let delay = DELAY_MS.first; ; delay = Math.min(2 * delay, DELAY_MS.most)) {
      try {
        return understood(schema, await this.#once(request));
      } catch (error) {
        request.signal.throwIfAborted();
        if (!(error instanceof Failure) || error.class !== "retryable") throw error;
        const limit = error.code === NETWORK ? networkMs : RETRY_MS;
        const wait = delay * (0.5 + random.fraction() / 2);
        if (clock.monotonic() - started + wait > limit) throw error;
        await clock.sleep(wait, request.signal);
      }
    }
  }

  async #once(request: RestRequest): Promise<unknown> {
    const { settings, authorization } = this.#options;
    const base = settings.endpoint?.rest ?? HOST;
    const prefix = request.upload === undefined ? "" : "/upload";
    const url = new URL(`${prefix}/bigquery/v2/projects/${settings.project}/${request.path}`, base);
    for (const [name, values] of Object.entries(request.query ?? {})) {
      for (const value of [values].flat()) url.searchParams.append(name, value);
    }
    if (request.upload !== undefined) url.searchParams.set("uploadType", "multipart");
    const token = await authorization();
    const timeout = AbortSignal.timeout(ANSWER_MS);
    const signal = request.isUncut ? timeout : AbortSignal.any([request.signal, timeout]);
    let status: number;
    let text: string;
    try {
      const response = await fetch(url, {
        method: request.method,
        headers: {
          ...(token === undefined ? {} : { authorization: token }),
          ...contentType(request),
        },
        ...bodyOf(request),
        // The API sends nobody elsewhere; a portal in the way would, and would get our login.
        redirect: "manual",
        signal,
      });
      status = response.status;
      text = await textOf(response);
    } catch (error) {
      request.signal.throwIfAborted();
      if (error instanceof Failure) throw error;
      throw networkFailure(url.host, reasonOf(error), error);
    }
    if (status >= 200 && status < 300) return parseAnswer(text);
    throw bigqueryFailure(readError(status, text));
  }
}

/** The text of an answer, which is left when it is longer than any that we ask for. */
async function textOf(response: Response): Promise<string> {
  if (!response.body) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw strange(`its answer has over ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What the answer says in our words; an error may come as a success. */
function understood<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const refusal = errorSchema.safeParse(answer);
  if (refusal.success) throw bigqueryFailure({ status: 0, ...errorOf(refusal.data) });
  const [issue] = parsed.error.issues;
  throw strange(`its answer is not as documented: ${issue?.path.join(".")}: ${issue?.message}`);
}

/** What no repetition would change. */
function strange(message: string): Failure {
  return new Failure({
    code: "CBI_BIGQUERY_ANSWER",
    message: `what answers in BigQuery's place is something else, or has changed: ${message}`,
    remedy: "Look what stands between this machine and BigQuery: cbi warehouse check",
    exit: ExitCode.unavailable,
  });
}

function contentType(request: RestRequest): Record<string, string> {
  if (request.upload !== undefined) {
    return { "content-type": `multipart/related; boundary=${BOUNDARY}` };
  }
  return request.body === undefined ? {} : { "content-type": "application/json" };
}

function bodyOf({ body, upload }: RestRequest): { body?: string | Buffer<ArrayBuffer> } {
  if (body === undefined) return {};
  const json = JSON.stringify(body);
  if (upload === undefined) return { body: json };
  const head = (type: string): string => `--${BOUNDARY}\r\nContent-Type: ${type}\r\n\r\n`;
  const start = `${head("application/json; charset=UTF-8")}${json}\r\n${head("application/octet-stream")}`;
  return {
    body: Buffer.concat([
      Buffer.from(start),
      Buffer.from(upload),
      Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
    ]),
  };
}

function parseAnswer(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw bigqueryFailure({ status: 502, reason: "", message: "its answer is no JSON" });
  }
}

function readError(
  status: number,
  text: string,
): { status: number; reason: string; message: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { status, reason: "", message: text.slice(0, 200) };
  }
  const parsed = errorSchema.safeParse(value);
  if (!parsed.success) return { status, reason: "", message: text.slice(0, 200) };
  return { status, ...errorOf(parsed.data) };
}

function errorOf({ error }: z.infer<typeof errorSchema>): { reason: string; message: string } {
  return { reason: error.errors[0]?.reason ?? "", message: error.message };
}

/** fetch hides the system's word in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : messageOf(cause);
}
