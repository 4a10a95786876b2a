import { existsSync, readdirSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { replaceJson, TEMPORARY_MARK, temporaryNameFor } from "../../system/files.ts";
import { runCommand } from "../../system/run-command.ts";
import { PYTHON_PACKAGE } from "../command.ts";
import {
  environmentDirectory,
  lockHash,
  type PythonEnvironment,
  READY_MARKER,
  readReadyMarker,
  type ReadyMarker,
  resolvePythonEnvironment,
} from "../environment.ts";
import { type BasePython, findPython } from "./find-python.ts";
import { findUv } from "./find-uv.ts";
import { installFailure } from "./install-failure.ts";
import { prove } from "./prove.ts";
import type { SetupWorld } from "./world.ts";

export interface SetupResult extends PythonEnvironment {
  /** Whether the environment stood already and was only proven again. */
  isReused: boolean;
  provenAt: string;
}

/**
 * Makes the workers' environment, or proves the one that stands. It is built under a temporary name,
 * proven there, marked as ready and only then renamed, so that a killed setup leaves nothing that
 * looks finished. The caller holds a lock: two at once would rename over each other.
 */
export async function setUpPythonEnvironment(
  options: { isForced: boolean },
  world: SetupWorld,
): Promise<SetupResult> {
  const directory = environmentDirectory(world.environment);
  await sweep(directory);
  if (!options.isForced && readReadyMarker(directory)?.lock === lockHash()) {
    const again = await proveAgain(directory, world);
    if (again) return again;
  }
  assertOurs(directory);
  const base = await findPython(world);
  world.remark(`python: ${base.version} at ${base.python}`);
  const uv = await findUv(base, world);
  const temporary = temporaryNameFor(directory);
  try {
    await build(uv, base, temporary, world);
    world.remark("proof: training LightGBM and XGBoost with dropout in one process");
    const proof = await prove(interpreterIn(temporary), world);
    const marker: ReadyMarker = {
      schema: 1,
      interpreter: path.relative(temporary, interpreterIn(temporary)),
      lock: lockHash(),
      versions: proof.versions,
      proof: proof.hashes,
      proven_at: new Date(world.clock.now()).toISOString(),
    };
    await replaceJson(path.join(temporary, READY_MARKER), marker);
    await replaceFolder(temporary, directory);
    return {
      ...resolvePythonEnvironment(world.environment),
      isReused: false,
      provenAt: marker.proven_at,
    };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Proves the standing environment anew; undefined when it no longer can. */
async function proveAgain(directory: string, world: SetupWorld): Promise<SetupResult | undefined> {
  const marker = readReadyMarker(directory);
  if (!marker) return undefined;
  const python = path.join(directory, marker.interpreter);
  try {
    const proof = await prove(python, world);
    const provenAt = new Date(world.clock.now()).toISOString();
    const renewed = { ...marker, versions: proof.versions, proof: proof.hashes };
    await replaceJson(path.join(directory, READY_MARKER), { ...renewed, proven_at: provenAt });
    return { python, versions: proof.versions, directory, isReused: true, provenAt };
  } catch (error) {
    if (!(error instanceof Failure) || error.code === "CBI_LIBOMP_MISSING") throw error;
    world.signal.throwIfAborted();
    world.remark(`the environment at ${directory} no longer works and is made anew`);
    return undefined;
  }
}

async function build(
  uv: string,
  base: BasePython,
  folder: string,
  world: SetupWorld,
): Promise<void> {
  await mkdir(path.dirname(folder), { recursive: true });
  const run = async (args: string[]) =>
    runCommand(uv, args, {
      environment: uvEnvironment(world.environment),
      workingDirectory: PYTHON_PACKAGE,
      timeoutMs: 1_800_000,
      signal: world.signal,
      onLine: (line) => {
        if (line.trim() !== "") world.remark(`uv: ${line.trim()}`);
      },
    });
  world.remark(`environment: ${environmentDirectory(world.environment)}`);
  const made = await run([
    "venv",
    "--quiet",
    "--no-project",
    "--relocatable",
    "--python",
    base.python,
    folder,
  ]);
  if (made.exitCode !== 0)
    throw installFailure("a virtual environment", made.stderr, world.platform);
  world.remark("packages: lightgbm, xgboost, pyarrow, numpy (some 120 MB where none is cached)");
  const synced = await run([
    ..."pip sync --require-hashes --only-binary :all: --python".split(" "),
    interpreterIn(folder),
    "requirements.lock",
  ]);
  if (synced.exitCode !== 0) throw installFailure("the libraries", synced.stderr, world.platform);
}

/**
 * The user's own settings, and never a Python of uv's choice. uv reads no settings of pip, so an
 * index that is set for pip alone is passed on.
 */
function uvEnvironment(
  environment: SetupWorld["environment"],
): Readonly<Record<string, string | undefined>> {
  const index = environment["UV_DEFAULT_INDEX"] ?? environment["UV_INDEX_URL"];
  const ofPip = environment["PIP_INDEX_URL"];
  return {
    ...environment,
    ...(index === undefined && ofPip !== undefined ? { UV_DEFAULT_INDEX: ofPip } : {}),
    UV_PYTHON_DOWNLOADS: "never",
    VIRTUAL_ENV: undefined,
  };
}

function interpreterIn(folder: string): string {
  const windows = path.join(folder, "Scripts", "python.exe");
  return existsSync(windows) ? windows : path.join(folder, "bin", "python");
}

/** `CBI_PYTHON_ENV` may name any folder: one that we did not make is left alone. */
function assertOurs(directory: string): void {
  if (!existsSync(directory)) return;
  const names = readdirSync(directory);
  if (names.length === 0 || readReadyMarker(directory)) return;
  // Below our own folder there is nothing but ours, such as one that lost its marker.
  if (path.basename(directory) === lockHash()) return;
  throw new Failure({
    code: "CBI_SETUP_FOREIGN",
    message: `${directory} is not empty and was not made by cbi setup`,
    remedy: "Set CBI_PYTHON_ENV to a folder that does not exist, or unset it; then: cbi setup",
    exit: ExitCode.failed,
  });
}

async function replaceFolder(temporary: string, final: string): Promise<void> {
  const old = temporaryNameFor(final);
  if (existsSync(final)) await rename(final, old);
  await rename(temporary, final);
  await rm(old, { recursive: true, force: true });
}

/** Removes what killed setups of this environment left behind. */
async function sweep(directory: string): Promise<void> {
  const parent = path.dirname(directory);
  if (!existsSync(parent)) return;
  const mark = `${path.basename(directory)}${TEMPORARY_MARK}`;
  for (const name of readdirSync(parent)) {
    if (name.startsWith(mark)) await rm(path.join(parent, name), { recursive: true, force: true });
  }
}
