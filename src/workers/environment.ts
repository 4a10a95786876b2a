import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { appFolder } from "../system/app-folder.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { PYTHON_PACKAGE } from "./command.ts";

const versionsSchema = z.strictObject({
  python: z.string(),
  lightgbm: z.string(),
  xgboost: z.string(),
  numpy: z.string(),
  pyarrow: z.string(),
});

/** What `cbi setup` writes last, when both libraries have trained in the environment. */
export const readyMarkerSchema = z.strictObject({
  schema: z.literal(1),
  /** The interpreter's path, relative to the environment, which may be moved with its home. */
  interpreter: z.string(),
  lock: z.string(),
  versions: versionsSchema,
  /** Hashes of the two models of the proof. */
  proof: z.record(z.string(), z.string()),
  proven_at: z.iso.datetime(),
});

export type ReadyMarker = z.infer<typeof readyMarkerSchema>;

export interface PythonEnvironment {
  /** Absolute path of the interpreter. */
  python: string;
  versions: z.infer<typeof versionsSchema>;
  directory: string;
}

export const READY_MARKER = "ready.json";

/** The name of the locked set of packages: the start of the lock file's SHA-256. */
export function lockHash(): string {
  const lock = readFileSync(path.join(PYTHON_PACKAGE, "requirements.lock"));
  return createHash("sha256").update(lock).digest("hex").slice(0, 16);
}

/** Where the environment is or will be: `CBI_PYTHON_ENV`, else below the app folder. */
export function environmentDirectory(
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const chosen = environment["CBI_PYTHON_ENV"];
  if (chosen) return path.resolve(chosen);
  return path.join(appFolder({ environment }), "python", lockHash());
}

/**
 * The workers' environment as `cbi setup` left it: one small file is read and no process started.
 * Throws `CBI_WORKERS_NOT_SET_UP` when there is none, or one of another lock.
 */
export function resolvePythonEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): PythonEnvironment {
  const directory = environmentDirectory(environment);
  const marker = readReadyMarker(directory);
  if (!marker) throw notSetUp(`there is no Python environment for the workers at ${directory}`);
  if (marker.lock !== lockHash()) {
    throw notSetUp(`the Python environment at ${directory} was made for another version of cbi`);
  }
  const python = path.join(directory, marker.interpreter);
  if (!existsSync(python)) {
    throw notSetUp(`the Python environment at ${directory} has lost its interpreter`);
  }
  return { python, versions: marker.versions, directory };
}

/** The marker in `directory`, or undefined when there is none that can be read. */
export function readReadyMarker(directory: string): ReadyMarker | undefined {
  try {
    const text = readFileSync(path.join(directory, READY_MARKER), "utf8");
    return readyMarkerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function notSetUp(message: string): Failure {
  return new Failure({
    code: "CBI_WORKERS_NOT_SET_UP",
    message,
    remedy: "Run: cbi setup",
    exit: ExitCode.failed,
  });
}
