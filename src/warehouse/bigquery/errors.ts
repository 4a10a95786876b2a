import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { singleLine } from "../../system/text.ts";
import { NETWORK_UNAVAILABLE } from "../warehouse.ts";

/** An error in BigQuery's words, of an HTTP answer or of a finished job. */
export interface BigQueryError {
  /** The HTTP status; 0 for a job's own error. */
  status: number;
  reason: string;
  message: string;
}

export const NOT_FOUND = "CBI_BIGQUERY_NOT_FOUND";
export const EXISTS = "CBI_BIGQUERY_EXISTS";
export const QUERY_REFUSED = "CBI_BIGQUERY_QUERY";
export const NETWORK = NETWORK_UNAVAILABLE;

// Reasons and what to do about them: https://cloud.google.com/bigquery/docs/error-messages
const PASSING = new Set([
  "rateLimitExceeded",
  "jobRateLimitExceeded",
  "backendError",
  "internalError",
  "jobBackendError",
  "jobInternalError",
  "tableUnavailable",
]);

const MESSAGE_CHARACTERS_MAX = 500;
// Access tokens, signed assertions, what stands after their names, and keys in PEM.
const SECRETS =
  /\bya29\.[\w.-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*|\b(?:bearer|access_token|refresh_token|client_secret|private_key)\b["' :=]+[^\s"',}&]+|-----BEGIN[^-]*-----[^-]*(?:-----END[^-]*-----)?/gi;

/** A message that somebody else wrote, on one line, without what could be a secret, and not too long. */
export function masked(message: string): string {
  // The line first: a key would be told by its ends, of which cutting leaves one.
  return singleLine(
    singleLine(message, 10_000).replace(SECRETS, "********"),
    MESSAGE_CHARACTERS_MAX,
  );
}

/** The `Failure` that an error of BigQuery's means, by its class. */
export function bigqueryFailure(said: BigQueryError): Failure {
  const error = { ...said, reason: masked(said.reason), message: masked(said.message) };
  const { status, reason, message } = error;
  if (status === 401 || reason === "authError") return credentialsFailure(message);
  if (status === 409 || reason === "duplicate") {
    return new Failure({
      code: EXISTS,
      message: `BigQuery: ${message}`,
      exit: ExitCode.unavailable,
      class: "fatal",
    });
  }
  if (PASSING.has(reason) || status === 429 || status >= 500) {
    return new Failure({
      code: "CBI_BIGQUERY_BUSY",
      message: `BigQuery could not answer for now (${reason || status}): ${message}`,
      remedy: "Wait; the run tries again by itself. See https://status.cloud.google.com.",
      exit: ExitCode.unavailable,
      class: "retryable",
    });
  }
  return lastingFailure(error);
}

/** What no waiting heals. */
function lastingFailure({ status, reason, message }: BigQueryError): Failure {
  const facts = { exit: ExitCode.unavailable, class: "fatal" as const };
  switch (reason) {
    case "quotaExceeded":
      return new Failure({
        ...facts,
        code: "CBI_BIGQUERY_QUOTA",
        message: `a quota of the project is used up: ${message}`,
        remedy: "Raise it under IAM & Admin > Quotas, or wait until it is renewed.",
      });
    case "bytesBilledLimitExceeded":
      return new Failure({
        ...facts,
        code: "CBI_COST_LIMIT",
        message: `BigQuery refused the query before it billed anything: ${message}`,
        remedy: "Raise warehouse.maximum_bytes_billed in cbi.yaml, or make the tables smaller.",
      });
    case "accessDenied":
      return denied(message);
    case "notFound":
      return new Failure({
        ...facts,
        code: NOT_FOUND,
        message: `BigQuery has no such thing: ${message}`,
        remedy: "Compare warehouse.project, location and tables in cbi.yaml: cbi warehouse check",
      });
    case "invalidQuery":
      return new Failure({ ...facts, code: QUERY_REFUSED, message: `BigQuery: ${message}` });
    default:
      break;
  }
  if (status === 403) return denied(message);
  if (status === 404) return lastingFailure({ status, reason: "notFound", message });
  return new Failure({
    ...facts,
    code: "CBI_BIGQUERY_REFUSED",
    message: `BigQuery refused (${reason || status}): ${message}`,
    remedy: "See what it can reach: cbi warehouse check",
  });
}

function denied(message: string): Failure {
  return new Failure({
    code: "CBI_BIGQUERY_DENIED",
    message: `BigQuery denies access: ${message}`,
    remedy:
      "Give the account the roles BigQuery Job User and BigQuery Read Session User on the project and " +
      "BigQuery Data Editor on its datasets.",
    exit: ExitCode.unavailable,
  });
}

/** Missing, expired or refused credentials, with the command that helps. */
export function credentialsFailure(message: string, cause?: unknown): Failure {
  return new Failure({
    code: "CBI_BIGQUERY_CREDENTIALS",
    message: `Google accepts no credentials of ours: ${message}`,
    remedy:
      "Log in: gcloud auth application-default login, or name a service account's key in " +
      "warehouse.credentials.file of cbi.yaml.",
    exit: ExitCode.unavailable,
    cause,
  });
}

/** A host that could not be reached. */
export function networkFailure(host: string, message: string, cause: unknown): Failure {
  return new Failure({
    code: NETWORK,
    message: `${host} cannot be reached: ${message}`,
    remedy: "See to the network; the run goes on where it stopped: cbi run nightly",
    exit: ExitCode.unavailable,
    class: "retryable",
    cause,
  });
}

/** True for the failure of that code. */
export function isFailure(error: unknown, code: string): error is Failure {
  return error instanceof Failure && error.code === code;
}
