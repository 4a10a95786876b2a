import { open } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { isErrno } from "../../system/files.ts";
import { fail, pass, skip, warn, type Check, type CheckResult } from "./check.ts";
import { explained } from "./files.ts";

/**
 * Whether what BigQuery is asked with can be found and read, which needs no network. What of it is
 * valid is proven by the warehouse's query.
 */
export const credentialsCheck: Check = {
  name: "credentials",
  isInside: true,
  run: async ({ home: { config, paths }, environment }) => {
    const { warehouse } = config;
    if (warehouse.kind === "duckdb") return skip("the embedded warehouse needs none");
    if (warehouse.endpoint) return skip("an emulator needs none");
    const { file } = warehouse.credentials;
    if (file !== undefined)
      return lookAt(path.resolve(paths.root, file), "warehouse.credentials.file");
    const named = environment["GOOGLE_APPLICATION_CREDENTIALS"];
    if (named) return lookAt(named, "GOOGLE_APPLICATION_CREDENTIALS");
    const own = defaultFile(environment);
    const found = await lookAt(own, "the application default");
    if (found.state === "pass" || !found.evidence.includes(MISSING)) return found;
    return warn(
      `there is no ${own}: only a machine of Google's has credentials without it`,
      "As the user of the jobs: gcloud auth application-default login",
    );
  },
};

const MISSING = "is not there";

/** Where gcloud keeps them (cloud.google.com, "How Application Default Credentials works"). */
function defaultFile(environment: Readonly<Record<string, string | undefined>>): string {
  const folder =
    process.platform === "win32"
      ? path.join(environment["APPDATA"] ?? "", "gcloud")
      : path.join(environment["HOME"] ?? os.homedir(), ".config", "gcloud");
  return path.join(folder, "application_default_credentials.json");
}

async function lookAt(file: string, source: string): Promise<CheckResult> {
  try {
    await using handle = await open(file, "r");
    const { mode } = await handle.stat();
    if (process.platform === "win32" || (mode & 0o077) === 0) return pass(`${file}, by ${source}`);
    return warn(`${file} may be read by others than its owner`, `Close it: chmod 600 ${file}`);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) return explained("read", file, error);
    return fail(
      `${file}, by ${source}, ${MISSING}`,
      "Put it there, or: gcloud auth application-default login",
    );
  }
}
