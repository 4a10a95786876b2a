import { execFile, spawn } from "node:child_process";
import { copyFile, glob, mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { arch, platform, tmpdir, homedir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { exists } from "../../src/system/files.ts";

/**
 * local-bigquery, a server that speaks BigQuery's REST and Storage Read API, from PyPI. It needs
 * Python 3.13 and these very versions of DuckDB's extensions, which it would fetch by itself else.
 */
const PACKAGES = [
  "local-bigquery==0.3.2",
  "duckdb==1.5.5",
  "duckdb-extension-ducklake==1.5.5",
  "duckdb-extension-icu==1.5.5",
  "duckdb-extension-spatial==1.5.5",
];
const ENVIRONMENT = path.join(tmpdir(), `cbi-local-bigquery-${process.getuid?.() ?? 0}`, "0.3.2");
const START_MS = 60_000;
const STALE_MS = 10 * 60_000;
const run = promisify(execFile);

/** The reason why the server cannot be had here, or undefined. */
export async function emulatorSkip(): Promise<string | undefined> {
  return (await python313()) === undefined
    ? "needs Python 3.13 on the PATH or in pyenv, for the BigQuery emulator"
    : undefined;
}

/** A running server on free ports, with an empty project `local`. */
export interface LocalBigQuery extends AsyncDisposable {
  rest: string;
  storage: string;
}

export async function startLocalBigQuery(): Promise<LocalBigQuery> {
  await makeEnvironment();
  const [port, grpcPort] = await Promise.all([freePort(), freePort()]);
  const folder = await mkdtemp(path.join(tmpdir(), "cbi-local-bigquery-data-"));
  const child = spawn(
    path.join(ENVIRONMENT, "bin", "local-bigquery"),
    [
      "serve",
      "--host",
      "127.0.0.1",
      "--port",
      `${port}`,
      "--grpc-port",
      `${grpcPort}`,
      "--project",
      "local",
      "--data-dir",
      folder,
    ],
    {
      env: { PATH: process.env["PATH"], HOME: ENVIRONMENT },
      stdio: ["ignore", "ignore", "ignore"],
    },
  );
  const ended = new Promise((resolve) => child.once("close", resolve));
  const server: LocalBigQuery = {
    rest: `http://127.0.0.1:${port}`,
    storage: `127.0.0.1:${grpcPort}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
  const stop = (): void => void child.kill("SIGKILL");
  process.once("exit", stop);
  await untilReady(server.rest);
  return server;
}

/** It listens before it can answer, so a query is the proof. */
async function untilReady(rest: string): Promise<void> {
  const until = performance.now() + START_MS;
  const body = JSON.stringify({ query: "SELECT 1", useLegacySql: false });
  for (;;) {
    const isReady = await fetch(`${rest}/bigquery/v2/projects/local/queries`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    }).then(
      (response) => response.ok,
      () => false,
    );
    if (isReady) return;
    if (performance.now() > until) throw new Error("local-bigquery does not answer SELECT 1");
    // A real server starts in its own time.
    await delay(100);
  }
}

/** Made once and kept for the next run; of two that begin together one waits for the other. */
async function makeEnvironment(): Promise<void> {
  const ready = path.join(ENVIRONMENT, "ready");
  if (await exists(ready)) return;
  const python = await python313();
  if (python === undefined) throw new Error("there is no Python 3.13");
  await mkdir(path.dirname(ENVIRONMENT), { recursive: true, mode: 0o700 });
  // Made in place, since a virtual environment cannot be moved; a lock folder keeps others waiting.
  const lock = `${ENVIRONMENT}.lock`;
  const isOurs = await mkdir(lock).then(
    () => true,
    () => false,
  );
  if (!isOurs) {
    while (await exists(lock)) {
      await delay(500);
      // Its maker was killed.
      const age = Date.now() - (await stat(lock).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
      if (age > STALE_MS) await rm(lock, { recursive: true, force: true });
    }
    return makeEnvironment();
  }
  try {
    await run(python, ["-m", "venv", "--clear", ENVIRONMENT]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    await run(path.join(ENVIRONMENT, "bin", "python"), [...pip, ...PACKAGES]);
    const machine = `${platform() === "darwin" ? "osx" : "linux"}_${arch() === "arm64" ? "arm64" : "amd64"}`;
    const target = path.join(ENVIRONMENT, ".duckdb", "extensions", "v1.5.5", machine);
    await mkdir(target, { recursive: true });
    const pattern = path.join(
      ENVIRONMENT,
      "lib/python3.13/site-packages/duckdb_extension_*/extensions/v1.5.5/**/*.duckdb_extension",
    );
    for await (const file of glob(pattern))
      await copyFile(file, path.join(target, path.basename(file)));
    await writeFile(`${ready}.tmp`, "");
    await rename(`${ready}.tmp`, ready);
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function python313(): Promise<string | undefined> {
  const candidates = ["python3.13"];
  for await (const file of glob(path.join(homedir(), ".pyenv/versions/3.13.*/bin/python3.13"))) {
    candidates.push(file);
  }
  for (const candidate of candidates) {
    const isThere = await run(candidate, ["-c", "import venv"]).then(
      () => true,
      () => false,
    );
    if (isThere) return candidate;
  }
  return undefined;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
