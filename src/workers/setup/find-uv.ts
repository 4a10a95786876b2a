import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import path from "node:path";
import { appFolder } from "../../system/app-folder.ts";
import { temporaryNameFor } from "../../system/files.ts";
import { runCommand } from "../../system/run-command.ts";
import { PYTHON_PACKAGE } from "../command.ts";
import type { BasePython } from "./find-python.ts";
import { installFailure } from "./install-failure.ts";
import type { SetupWorld } from "./world.ts";

/** The first uv that knows `--relocatable`, `--require-hashes` and `--only-binary` as we use them. */
const MINOR_MIN = 5;

/**
 * The path of uv: from the PATH when it is recent enough, else our own, brought by pip from its
 * pinned and hashed line into the app folder.
 */
export async function findUv(base: BasePython, world: SetupWorld): Promise<string> {
  if (await isRecentUv("uv", world)) return "uv";
  const lock = path.join(PYTHON_PACKAGE, "bootstrap.lock");
  const name = `uv-${createHash("sha256").update(readFileSync(lock)).digest("hex").slice(0, 16)}`;
  const folder = path.join(appFolder({ environment: world.environment }), "python", name);
  const present = uvIn(folder);
  if (present && (await isRecentUv(present, world))) return present;
  world.remark("uv: bringing it by pip, since the PATH has none");
  const temporary = temporaryNameFor(folder);
  try {
    await install(base, lock, temporary, world);
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  const uv = uvIn(folder);
  if (uv && (await isRecentUv(uv, world))) return uv;
  throw installFailure("uv", "pip installed it, but it does not run", world.platform);
}

async function isRecentUv(uv: string, world: SetupWorld): Promise<boolean> {
  const end = await runCommand(uv, ["--version"], {
    environment: world.environment,
    workingDirectory: PYTHON_PACKAGE,
    timeoutMs: 20_000,
    signal: world.signal,
  });
  const match = /^uv (\d+)\.(\d+)\./.exec(end.stdout);
  if (end.exitCode !== 0 || !match) return false;
  return Number(match[1]) > 0 || Number(match[2]) >= MINOR_MIN;
}

async function install(
  base: BasePython,
  lock: string,
  target: string,
  world: SetupWorld,
): Promise<void> {
  const end = await runCommand(
    base.python,
    [
      ..."-m pip install --quiet --disable-pip-version-check --no-input".split(" "),
      ..."--require-hashes --only-binary :all: --no-deps --target".split(" "),
      target,
      "--requirement",
      lock,
    ],
    {
      environment: world.environment,
      workingDirectory: PYTHON_PACKAGE,
      timeoutMs: 600_000,
      signal: world.signal,
    },
  );
  if (end.exitCode !== 0) throw installFailure("uv", end.stderr, world.platform);
}

/** pip lays a target's programs into `bin`; on Windows older ones use `Scripts`. */
function uvIn(folder: string): string | undefined {
  const names = ["bin/uv", "bin/uv.exe", "Scripts/uv.exe"];
  return names.map((name) => path.join(folder, name)).find((file) => existsSync(file));
}
