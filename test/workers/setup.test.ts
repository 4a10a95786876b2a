import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { Failure } from "../../src/system/failure.ts";
import { systemClock } from "../../src/system/clock.ts";
import { appFolder } from "../../src/system/app-folder.ts";
import { PYTHON_PACKAGE, workerEnvironment } from "../../src/workers/command.ts";
import { lockHash, resolvePythonEnvironment } from "../../src/workers/environment.ts";
import { candidates, findPython } from "../../src/workers/setup/find-python.ts";
import { installFailure } from "../../src/workers/setup/install-failure.ts";
import { assertSetUp } from "../training/oil-tables.ts";

const CBI = path.resolve(import.meta.dirname, "../../src/cli/cbi.ts");

let folder = "";
before(() => {
  assertSetUp();
  folder = mkdtempSync(path.join(os.tmpdir(), "cbi-setup-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `cbi setup` in a process of its own. */
async function setup(words: string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [CBI, "setup", ...words], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [out, remarks, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, remarks };
}

/** A program that prints `answer` and ends with `code`. */
function program(name: string, answer: string, code = 0): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho '${answer}'\nexit ${code}\n`);
  chmodSync(file, 0o755);
  return file;
}

function world(searchPath: string) {
  return {
    environment: { PATH: searchPath },
    platform: process.platform,
    clock: systemClock,
    signal: new AbortController().signal,
    remark: () => undefined,
  };
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Failure, String(error));
  return error;
}

void test("two setups at once make one environment, a third proves it, and workers find it", async () => {
  const directory = path.join(folder, "fresh", "environment");
  const environment = { CBI_PYTHON_ENV: directory };
  const both = await Promise.all([setup(["--json"], environment), setup(["--json"], environment)]);
  const answers = both.map(({ code, out, remarks }) => {
    assert.equal(code, 0, remarks);
    return JSON.parse(out) as { reused: boolean; directory: string; versions: object };
  });
  assert.deepEqual(answers.map(({ reused }) => String(reused)).sort(), ["false", "true"]);
  assert.match(both.map(({ remarks }) => remarks).join(""), /another cbi setup is at work/);
  const found = resolvePythonEnvironment(environment);
  assert.equal(found.directory, directory);
  assert.deepEqual(found.versions, answers[0]?.versions);
  assert.deepEqual(
    readdirSync(path.dirname(directory)).filter((name) => name.includes(".tmp-")),
    [],
  );

  // A damaged environment does not pass for a good one, and is made anew.
  const library = path.join(directory, "lib");
  const version = readdirSync(library)[0] ?? "";
  rmSync(path.join(library, version, "site-packages", "lightgbm"), { recursive: true });
  const again = await setup([], environment);
  assert.equal(again.code, 0, again.remarks);
  assert.match(again.remarks, /no longer works and is made anew/);
});

void test("a folder that setup did not make is left alone", async () => {
  const directory = path.join(folder, "mine");
  mkdirSync(directory);
  writeFileSync(path.join(directory, "thesis.txt"), "precious");
  const { code, remarks } = await setup([], { CBI_PYTHON_ENV: directory });
  assert.equal(code, 1);
  assert.match(remarks, /was not made by cbi setup/);
  assert.equal(readFileSync(path.join(directory, "thesis.txt"), "utf8"), "precious");
});

void test("an environment of another lock is refused with the command that helps", () => {
  const directory = path.join(folder, "old");
  mkdirSync(directory);
  const marker = readFileSync(
    path.join(resolvePythonEnvironment(process.env).directory, "ready.json"),
  );
  const parsed = JSON.parse(marker.toString()) as object;
  writeFileSync(path.join(directory, "ready.json"), JSON.stringify({ ...parsed, lock: "another" }));
  assert.throws(() => resolvePythonEnvironment({ CBI_PYTHON_ENV: directory }), {
    code: "CBI_WORKERS_NOT_SET_UP",
    remedy: "Run: cbi setup",
  });
});

void test("no Python, or only old ones, are told apart, with a command", async () => {
  const none = await failureOf(findPython(world(path.join(folder, "empty"))));
  assert.equal(none.code, "CBI_PYTHON_MISSING");
  assert.match(none.remedy ?? "", /cbi setup$/);
  const old = { python: "/x", version: [3, 9, 6], bits: 64, free_threaded: false };
  const file = program("old-bin/python3", JSON.stringify(old));
  const refused = await failureOf(findPython(world(path.dirname(file))));
  assert.equal(refused.code, "CBI_PYTHON_TOO_OLD");
  assert.match(refused.message, /it is Python 3\.9\.6/);
});

void test("a shim that ends with an error is passed over for the next Python", async () => {
  const bin = path.dirname(program("shims/python3.13", "command not found", 127));
  const base = resolvePythonEnvironment(process.env).python;
  writeFileSync(path.join(bin, "python3"), `#!/bin/sh\nexec "${base}" "$@"\n`, { mode: 0o755 });
  const found = await findPython(world(bin));
  assert.match(found.version, /^3\.1[1-9]\./);
  assert.ok(existsSync(found.python) && !found.python.startsWith(bin));
});

void test("on a Mac the system's own Python is never asked, and Homebrew's place is known", () => {
  const asked = candidates({ environment: { PATH: "/usr/bin" }, platform: "darwin" });
  assert.ok(asked.every(([file]) => !file.startsWith("/usr/bin/")));
  const windows = candidates({ environment: { PATH: "" }, platform: "win32" });
  assert.deepEqual(windows[0], ["py", "-3"]);
});

void test("what pip and uv say becomes what a person can do", () => {
  const cases: [string, string][] = [
    [
      "error: Failed to fetch: dns error: failed to lookup address information",
      "CBI_SETUP_OFFLINE",
    ],
    ["NewConnectionError: Failed to establish a new connection", "CBI_SETUP_OFFLINE"],
    ["ERROR: No matching distribution found for uv (from versions: none)", "CBI_SETUP_OFFLINE"],
    ["/usr/bin/python3: No module named pip", "CBI_SETUP_PIP"],
    ["Hash mismatch for lightgbm==4.7.0", "CBI_SETUP_HASH"],
    ["No space left on device (os error 28)", "CBI_SETUP_DISK"],
    ["Because lightgbm==4.7.0 has no wheels with a matching platform tag", "CBI_SETUP_NO_WHEEL"],
    ["something new", "CBI_SETUP_FAILED"],
  ];
  for (const [said, code] of cases) {
    const failure = installFailure("the libraries", said, "linux");
    assert.equal(failure.code, code, said);
    assert.match(failure.remedy ?? "", /cbi setup/);
  }
});

void test("the lock files have hashes, the right package for each system, and no address", () => {
  for (const name of ["requirements.lock", "bootstrap.lock"]) {
    const lock = readFileSync(path.join(PYTHON_PACKAGE, name), "utf8");
    assert.doesNotMatch(lock, /:\/\/|index/);
    const pins = lock.split(/\n(?=\S)/).filter((block) => !block.startsWith("#"));
    for (const pin of pins)
      assert.match(pin, /^[a-z-]+==[\d.]+ .*\\\n\s+--hash=sha256:[0-9a-f]{64}/);
  }
  const lock = readFileSync(path.join(PYTHON_PACKAGE, "requirements.lock"), "utf8");
  assert.match(lock, /^xgboost==3\.2\.0 ; sys_platform == 'darwin'/m);
  assert.match(lock, /^xgboost-cpu==3\.2\.0 ; sys_platform != 'darwin'/m);
  assert.match(lockHash(), /^[0-9a-f]{16}$/);
});

void test("the app folder is each system's own", () => {
  const at = (platform: NodeJS.Platform, environment: Record<string, string>) =>
    appFolder({ platform, environment, userFolder: "/home/me" });
  assert.equal(at("darwin", {}), "/home/me/Library/Application Support/cbi");
  assert.equal(at("linux", {}), "/home/me/.local/share/cbi");
  assert.equal(at("linux", { XDG_DATA_HOME: "/data" }), "/data/cbi");
  assert.equal(at("linux", { XDG_DATA_HOME: "data" }), "/home/me/.local/share/cbi");
  assert.equal(at("win32", { LOCALAPPDATA: "C:\\Local" }), "C:\\Local\\cbi");
});

void test("a worker is given threads and no secret", () => {
  const given = workerEnvironment({ PATH: "/bin", API_TOKEN: "secret", PYTHONPATH: "/evil" }, 2);
  assert.deepEqual(
    Object.keys(given).filter((name) => /TOKEN|PYTHON/.test(name)),
    [],
  );
  assert.equal(given["OMP_NUM_THREADS"], "2");
  assert.equal(given["OMP_WAIT_POLICY"], "PASSIVE");
  assert.equal(given["PATH"], "/bin");
});
