import { readFile, stat } from "node:fs/promises";
import type { AuthClient } from "google-auth-library";
import { z } from "zod";
import type { BigQuerySettings } from "../../config/bigquery-schema.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure, messageOf } from "../../system/failure.ts";
import { isErrno } from "../../system/files.ts";
import { credentialsFailure, masked, networkFailure } from "./errors.ts";

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
      client ??= openClient(settings);
      const headers = await (await client).getRequestHeaders();
      return headers.get("authorization") ?? undefined;
    } catch (error) {
      client = undefined;
      throw authFailure(error);
    }
  };
}

/** With what BigQuery is asked, in words without any secret: `the service account's key /…/key.json`. */
export async function credentialsInWords(
  settings: Pick<BigQuerySettings, "credentials" | "endpoint" | "project">,
): Promise<string> {
  if (settings.endpoint) return "no login, as an emulator";
  const { file, impersonate } = settings.credentials;
  const source = await sourceInWords(file, settings.project);
  return impersonate === undefined ? source : `${source}, acting as ${impersonate}`;
}

async function sourceInWords(file: string | undefined, project: string): Promise<string> {
  const { BaseExternalAccountClient, Compute, JWT, UserRefreshClient } =
    await import("google-auth-library");
  const client = await openSource(file, project, SCOPES);
  const named = file ?? process.env["GOOGLE_APPLICATION_CREDENTIALS"];
  const place = named === undefined ? "the application default credentials" : named;
  if (client instanceof JWT) return `a service account's key, ${place}`;
  if (client instanceof UserRefreshClient) return `a person's login by gcloud, ${place}`;
  if (client instanceof Compute) return "the service account of this machine of Google's";
  if (client instanceof BaseExternalAccountClient) return `a federated identity, ${place}`;
  return place;
}

async function openClient({ credentials, project }: AskingSettings): Promise<AuthClient> {
  const { Impersonated } = await import("google-auth-library");
  const { file, impersonate } = credentials;
  if (impersonate === undefined) return openSource(file, project, SCOPES);
  return new Impersonated({
    sourceClient: await openSource(file, project, IMPERSONATION_SCOPES),
    targetPrincipal: impersonate,
    targetScopes: SCOPES,
    lifetime: LIFETIME_SECONDS,
  });
}

type AskingSettings = Pick<BigQuerySettings, "credentials" | "project">;

async function openSource(
  file: string | undefined,
  projectId: string,
  scopes: string[],
): Promise<AuthClient> {
  const { GoogleAuth, JWT } = await import("google-auth-library");
  // Without the project the library would start gcloud to learn of one.
  if (file === undefined) return new GoogleAuth({ projectId, scopes }).getClient();
  const { client_email: email, private_key: key, private_key_id: keyId } = await readKey(file);
  return new JWT({ email, key, scopes, ...(keyId === undefined ? {} : { keyId }) });
}

const keySchema = z.object({
  type: z.literal("service_account"),
  client_email: z.string(),
  private_key: z.string(),
  private_key_id: z.string().optional(),
});

/** A service account's key; its own words are in no failure. */
async function readKey(file: string): Promise<z.infer<typeof keySchema>> {
  await assertPrivate(file);
  let key: unknown;
  try {
    key = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    // The parser's own words are the beginning of the file.
    if (error instanceof SyntaxError) throw credentialsFailure(`${file} is no key: it is not JSON`);
    throw credentialsFailure(`${file} cannot be read: ${messageOf(error)}`, error);
  }
  const parsed = keySchema.safeParse(key);
  if (parsed.success) return parsed.data;
  const lacking = parsed.error.issues.map((issue) => issue.path.join(".")).join(", ");
  throw credentialsFailure(
    `${file} is no service account's key, by its ${lacking}; credentials of other kinds are named in GOOGLE_APPLICATION_CREDENTIALS`,
  );
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
    return networkFailure("Google's token service", masked(text), error);
  }
  const said =
    error instanceof SyntaxError ? "what it found is not JSON" : (text.split("\n", 1)[0] ?? text);
  return credentialsFailure(masked(said));
}
