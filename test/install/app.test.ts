import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { packagedNode, packagesOf } from "../../src/install/app/closure.ts";
import { currentVersion, moveCurrent, removeOldVersions } from "../../src/install/app/current.ts";
import { placeVersion } from "../../src/install/app/place-version.ts";
import { fakePackage } from "./fake-package.ts";

const { signal } = new AbortController();

void test("a version holds the program, what it needs, and its own Node", async () => {
  const [root, app] = [folder("package"), folder("app")];
  const { name, isNew } = await placeVersion(app, fakePackage(root, "1.0.0"), signal);
  assert.deepEqual([name, isNew], ["1.0.0", true]);
  assert.deepEqual(filesIn(path.join(app, "versions")), [
    "1.0.0/bin/node",
    "1.0.0/in-use.lock",
    "1.0.0/node_modules/cbi/dist/cli/cbi.js",
    "1.0.0/node_modules/cbi/node_modules/a/index.js",
    "1.0.0/node_modules/cbi/node_modules/a/node_modules/b/package.json",
    "1.0.0/node_modules/cbi/node_modules/a/package.json",
    "1.0.0/node_modules/cbi/package.json",
    "1.0.0/version.json",
  ]);
  assert.equal((await placeVersion(app, fakePackage(root, "1.0.0"), signal)).isNew, false);
});

void test("without a rename over a folder, current still points to the last version", async () => {
  const app = folder("app");
  for (const version of ["1.0.0", "2.0.0"]) {
    mkdirSync(path.join(app, "versions", version), { recursive: true });
    await moveCurrent(app, version, "win32");
    assert.equal(await currentVersion(app), version);
  }
  assert.equal(readlinkSync(path.join(app, "current")), path.join(app, "versions", "2.0.0"));
});

void test("packages beside cbi, as npx has them, stay beside it", () => {
  const top = folder("npx");
  const root = path.join(top, "node_modules", "cbi");
  fakePackage(root, "1.0.0");
  for (const name of readdirSync(path.join(root, "node_modules"))) {
    renameSync(path.join(root, "node_modules", name), path.join(top, "node_modules", name));
  }
  assert.deepEqual(
    packagesOf(root).map(({ to }) => to),
    ["node_modules/cbi", "node_modules/a", "node_modules/a/node_modules/b"],
  );
  assert.ok(packagedNode(root, "linux")?.endsWith("node/bin/node"));
});

void test("another program of the same version lies beside the first", async () => {
  const [root, app] = [folder("package"), folder("app")];
  await placeVersion(app, fakePackage(root, "1.0.0"), signal);
  const edited = await placeVersion(app, fakePackage(root, "1.0.0", "2"), signal);
  assert.match(edited.name, /^1\.0\.0\+[0-9a-f]{8}$/);
  assert.equal(edited.isNew, true);
});

void test(
  "a version goes when a newer one is current and nothing runs from it",
  { skip: process.platform === "linux" ? false : "needs Linux" },
  async () => {
    const [app, running] = await upgradedWhile((app) => {
      // A program and no script, so that /proc names its file.
      const node = path.join(app, "versions/1.0.0/bin/node");
      copyFileSync("/bin/sleep", node);
      chmodSync(node, 0o755);
      return spawn(path.join(app, "current/bin/node"), ["60"]);
    });
    await goesAfter(app, running);
  },
);

void test("on every system a version stays as long as a process holds it", async () => {
  const [app, running] = await upgradedWhile((app) => {
    const root = path.join(app, "versions/1.0.0/node_modules/cbi");
    const hold = path.resolve(import.meta.dirname, "../../src/guard/held-version.ts");
    const script = `import { holdVersion } from ${JSON.stringify(hold)};
      holdVersion(${JSON.stringify(root)});
      process.stdout.write("held");
      setInterval(() => undefined, 1000);`;
    // Its interpreter is not the version's, so only the lock tells.
    return spawn(process.execPath, ["--input-type=module", "-e", script]);
  });
  assert.ok(running.stdout);
  if (running.stdout.readableLength === 0) await once(running.stdout, "readable");
  await goesAfter(app, running);
});

/** An app folder in which a process was started from the first version before a second came. */
async function upgradedWhile(
  start: (app: string) => ChildProcess,
): Promise<[string, ChildProcess]> {
  const [root, app] = [folder("package"), folder("app")];
  await placeVersion(app, fakePackage(root, "1.0.0"), signal);
  await moveCurrent(app, "1.0.0");
  const running = start(app);
  await once(running, "spawn");
  await placeVersion(app, fakePackage(root, "2.0.0"), signal);
  await moveCurrent(app, "2.0.0");
  assert.equal(await currentVersion(app), "2.0.0");
  return [app, running];
}

async function goesAfter(app: string, running: ChildProcess): Promise<void> {
  try {
    assert.deepEqual(await removeOldVersions(app), []);
  } finally {
    running.kill("SIGKILL");
    await once(running, "exit");
  }
  assert.deepEqual(await removeOldVersions(app), ["1.0.0"]);
  assert.deepEqual(readdirSync(path.join(app, "versions")), ["2.0.0"]);
}

void test("a Node that is too old, and a package that misses a part, are refused whole", async () => {
  const [root, app] = [folder("package"), folder("app")];
  const source = fakePackage(root, "1.0.0");
  writeFileSync(path.join(root, "node_modules/node/bin/node"), "#!/bin/sh\necho v20.1.0\n");
  await assert.rejects(placeVersion(app, source, signal), { code: "CBI_NODE_UNSUPPORTED" });
  const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as object;
  const more = { ...manifest, dependencies: { gone: "1.0.0" } };
  writeFileSync(path.join(root, "package.json"), JSON.stringify(more));
  await assert.rejects(placeVersion(app, source, signal), { code: "CBI_PACKAGE_INCOMPLETE" });
  assert.deepEqual(readdirSync(path.join(app, "versions")), []);
});

function folder(name: string): string {
  return mkdtempSync(path.join(os.tmpdir(), `cbi-${name}-`));
}

function filesIn(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
}
