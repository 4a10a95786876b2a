import { stat } from "node:fs/promises";
import type { AuthClient } from "google-auth-library";
import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import { isErrno } from "../../system/files.ts";
import { credentialsFailure, networkFailure } from "./errors.ts";

/** Yields the value of the header `authorization`, or undefined where none is asked for. */
export type Authorization = () => Promise<string | undefined>;

const SCOPES = ["https://www.googleapis.com/auth/bigquery"];
const IMPERSONATION_SCOPES = ["https://www.googleapis.com/auth/cloud-platform"];
const LIFETIME_SECONDS = 3600;

/**
 * Who asks BigQuery: a service account's key file (refused when others can read it), else the
 * application default credentials; on top of either, an account to act as. Google's library is loaded
 * at the first question. An emulator is asked without a login.
 */
export function authorization(settings: BigQuerySettings): Authorization {
  if (settings.endpoint) return async () => undefined;
  let client: Promise<AuthClient> | undefined;
  return async () => {
    try {
      client ??= openClient(settings.credentials);
      const headers = await (await client).getRequestHeaders();
      return headers.get("authorization") ?? undefined;
    } catch (error) {
      client = undefined;
      throw authFailure(error);
    }
  };
}

async function openClient(credentials: BigQuerySettings["credentials"]): Promise<AuthClient> {
  const { GoogleAuth, Impersonated } = await import("google-auth-library");
  const { file, impersonate } = credentials;
  if (file !== undefined) await assertPrivate(file);
  const scopes = impersonate === undefined ? SCOPES : IMPERSONATION_SCOPES;
  const auth = new GoogleAuth({ scopes, ...(file === undefined ? {} : { keyFilename: file }) });
  const source = await auth.getClient();
  if (impersonate === undefined) return source;
  return new Impersonated({
    sourceClient: source,
    targetPrincipal: impersonate,
    targetScopes: SCOPES,
    lifetime: LIFETIME_SECONDS,
  });
}

/** A key that others can read is no secret. Windows keeps no such modes. */
async function assertPrivate(file: string): Promise<void> {
  try {
    const { mode } = await stat(file);
    if (process.platform === "win32" || (mode & 0o077) === 0) return;
    throw new Failure({
      code: "CBI_SECRETS_EXPOSED",
      message: `${file} holds a secret key, and others may use it (mode 0${(mode & 0o777).toString(8)})`,
      remedy: `Close it: chmod 600 ${file}`,
      exit: ExitCode.configInvalid,
    });
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
    throw credentialsFailure(`there is no file ${file}`, error);
  }
}

function authFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const text = messageOf(error);
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|socket hang up/.test(text)
  ) {
    return networkFailure("Google's token service", text, error);
  }
  return credentialsFailure(text.split("\n", 1)[0] ?? text, error);
}
