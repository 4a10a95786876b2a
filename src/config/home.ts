import { stat } from "node:fs/promises";
import path from "node:path";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { isErrno, readTextIfThere } from "../system/files.ts";
import { type HomePaths, homePaths } from "../system/home.ts";
import { readBytes } from "../system/read-bytes.ts";
import { ConfigFailure } from "./config-failure.ts";
import { decodeUtf8 } from "./decode.ts";
import { keptValues, valuesKeyOf } from "./kept-values.ts";
import { lastGoodFile, type LoadedConfig } from "./last-good.ts";
import type { ConfigOption } from "./parse-config.ts";

/** A home with its valid configuration: a snapshot, which later edits of the file do not touch. */
export interface Home extends LoadedConfig {
  paths: HomePaths;
  /** The text of `cbi.yaml` as it was read. */
  text: string;
}

export interface HomeRequest {
  environment: Readonly<Record<string, string | undefined>>;
  workingDirectory: string;
  /** What `--home` was given. */
  homeOption?: string | undefined;
  /** Values from the command line, which win over environment and file. */
  options?: readonly ConfigOption[];
  /** Whether nothing may be kept for later commands, as in a dry run. */
  leavesNoTrace?: boolean;
}

const BYTES_MAX = 256 * 1024;

/**
 * Finds the home (`--home`, else `CBI_HOME`, else the nearest `cbi.yaml` upwards) and loads its
 * configuration. Throws a `Failure` of exit code 78: `CBI_HOME_NOT_FOUND`, `CBI_CONFIG_UNREADABLE`,
 * or `CBI_CONFIG_INVALID` with every problem.
 */
export async function loadHome(request: HomeRequest): Promise<Home> {
  const paths = homePaths(await findHome(request));
  const file = shownFile(paths.config, request.workingDirectory);
  const text = await readConfig(paths, file);
  const options = request.options ?? [];
  const valuesKey = valuesKeyOf(text, request.environment, options.length > 0);
  const kept = valuesKey === undefined ? undefined : await keptValues(paths, valuesKey);
  if (kept) return { paths, text, ...kept };
  const { loadConfig } = await import("./load-config.ts");
  const loaded = loadConfig({
    text,
    file,
    environment: request.environment,
    options,
    remedy: await remedyFor(paths, text),
  });
  if (valuesKey !== undefined && request.leavesNoTrace !== true) {
    const { keepValues } = await import("./keep-values.ts");
    await keepValues(paths, valuesKey, loaded);
  }
  return { paths, text, ...loaded };
}

/** The folder of the home that is asked for. Throws `CBI_HOME_NOT_FOUND` (78). */
export async function findHome(request: HomeRequest): Promise<string> {
  const { homeOption, environment, workingDirectory } = request;
  const fromEnvironment = environment["CBI_HOME"];
  if (homeOption !== undefined) return namedHome(homeOption, "--home", workingDirectory);
  if (fromEnvironment) return namedHome(fromEnvironment, "CBI_HOME", workingDirectory);
  for (let folder = path.resolve(workingDirectory); ; folder = path.dirname(folder)) {
    if (await hasConfig(folder)) return folder;
    if (folder === path.dirname(folder)) break;
  }
  throw notFound(
    `there is no cbi.yaml in ${path.resolve(workingDirectory)} or in any folder above it`,
    "Go to a home, name one with --home DIR or CBI_HOME, or make one: cbi init",
  );
}

async function namedHome(name: string, source: string, workingDirectory: string): Promise<string> {
  const folder = path.resolve(workingDirectory, name);
  if (await hasConfig(folder)) return folder;
  throw notFound(
    `there is no cbi.yaml in ${folder}, which ${source} names`,
    `Name another folder, or make a home there: cbi init ${folder}`,
  );
}

async function hasConfig(folder: string): Promise<boolean> {
  const found = await stat(path.join(folder, "cbi.yaml")).catch((error: unknown) => {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return undefined;
    // What may not be looked at is there; reading it says why it cannot be used.
    return "hidden" as const;
  });
  return found === "hidden" || (found !== undefined && !found.isDirectory());
}

async function readConfig(paths: HomePaths, file: string): Promise<string> {
  const read = await readBytes(paths.config, BYTES_MAX);
  if (read.kind !== "bytes") throw unreadable(file, read);
  const decoded = decodeUtf8(read.bytes);
  if ("text" in decoded) return decoded.text;
  const { message, line } = decoded;
  const place = line === undefined ? {} : { line, column: 1 };
  const problem = { key: "", source: file, message, ...place };
  throw new ConfigFailure(file, [problem], await remedyFor(paths, undefined));
}

function unreadable(file: string, read: { kind: string; size?: number }): Failure {
  const found =
    read.kind === "too-large"
      ? `expected at most ${BYTES_MAX} bytes, got ${read.size}`
      : read.kind === "forbidden"
        ? "this user may not read it"
        : `expected a file, got ${read.kind === "folder" ? "a folder" : "nothing"}`;
  return new Failure({
    code: "CBI_CONFIG_UNREADABLE",
    message: `${file} cannot be read: ${found}`,
    remedy: `See: ls -l ${file}`,
    exit: ExitCode.configInvalid,
  });
}

/** How to see what changed since a run last accepted the file. */
async function remedyFor(paths: HomePaths, text: string | undefined): Promise<string> {
  const file = lastGoodFile(paths);
  const kept = await stat(file).catch(() => undefined);
  const check =
    "Every key is explained in docs/configuration.md; check again with: cbi config check";
  if (!kept || (await readTextIfThere(file)) === text) return check;
  const used = kept.mtime.toISOString().slice(0, 16).replace("T", " ");
  return `It was last valid in a run on ${used} UTC. See what changed: diff -u ${file} ${paths.config}`;
}

function notFound(message: string, remedy: string): Failure {
  return new Failure({ code: "CBI_HOME_NOT_FOUND", message, remedy, exit: ExitCode.configInvalid });
}

/** The shorter of a file's names: relative to where the reader stands when it lies below. */
function shownFile(file: string, workingDirectory: string): string {
  const relative = path.relative(workingDirectory, file);
  return relative.startsWith("..") || path.isAbsolute(relative) ? file : relative;
}
