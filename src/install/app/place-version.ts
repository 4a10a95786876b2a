import { existsSync } from "node:fs";
import { chmod, copyFile, cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { VERSION_LOCK, VERSION_MARKER } from "../../guard/held-version.ts";
import { treeHash } from "../../system/code-identity.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { hashText, publish, replaceJson, temporaryNameFor } from "../../system/files.ts";
import { runCommand } from "../../system/run-command.ts";
import { packagedNode, packagesOf } from "./closure.ts";

const markerSchema = z.strictObject({
  schema: z.literal(1),
  version: z.string(),
  /** The hash of the program's own files and of what it asks for. */
  code: z.string(),
  node: z.string(),
});

/** Where a version's program comes from. */
export interface VersionSource {
  /** The folder of the package that is running. */
  root: string;
  version: string;
  /** The interpreter that runs it, for where the `node` package brought none. */
  execPath: string;
}

export interface PlacedVersion {
  /** The name of its folder below `versions/`. */
  name: string;
  isNew: boolean;
}

const NODE_MAJOR_MIN = 24;
const PROBE_MS = 30_000;

/** The folder of all versions in an app folder. */
export function versionsFolder(appFolder: string): string {
  return path.join(appFolder, "versions");
}

/** Under what name a version would lie in the app folder, and whether it lies there whole. */
export async function findVersion(
  appFolder: string,
  { root, version }: VersionSource,
): Promise<{ name: string; isThere: boolean; code: string }> {
  const dist = path.join(root, "dist");
  if (!existsSync(path.join(dist, "cli", "cbi.js"))) throw notBuilt(root);
  const manifest = await readFile(path.join(root, "package.json"), "utf8");
  const code = hashText(`${treeHash(dist)} ${manifest}`);
  // A program that was edited without a new version lies beside the one of that version.
  for (const name of [version, `${version}+${code.slice(0, 8)}`]) {
    const there = await markerOf(path.join(versionsFolder(appFolder), name));
    if (there?.code === code) return { name, isThere: true, code };
    if (!there) return { name, isThere: false, code };
  }
  return { name: `${version}+${code.slice(0, 8)}`, isThere: false, code };
}

/**
 * Puts the running program, its dependencies and an interpreter of its own into `versions/<v>/`, by
 * copy: nothing points back to where they came from. Built under a temporary name, tried, marked and
 * then renamed, so that a version that is there is whole.
 */
export async function placeVersion(
  appFolder: string,
  source: VersionSource,
  signal: AbortSignal,
): Promise<PlacedVersion> {
  const { name, isThere, code } = await findVersion(appFolder, source);
  if (isThere) return { name, isNew: false };
  const final = path.join(versionsFolder(appFolder), name);
  const temporary = temporaryNameFor(final);
  try {
    await mkdir(temporary, { recursive: true, mode: 0o755 });
    await copyPackages(source.root, temporary);
    const node = await copyNode(source, temporary, signal);
    const marker = { schema: 1, version: source.version, code, node };
    await writeFile(path.join(temporary, VERSION_LOCK), "");
    await replaceJson(path.join(temporary, VERSION_MARKER), marker);
    // A folder without a mark is what an older, broken copy left.
    if (existsSync(final)) await rename(final, temporaryNameFor(final));
    await publish(temporary, final);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return { name, isNew: true };
}

async function copyPackages(root: string, target: string): Promise<void> {
  for (const { from, to, entries } of packagesOf(root)) {
    const folder = path.join(target, to);
    await mkdir(folder, { recursive: true });
    for (const entry of entries === "all" ? ["."] : entries) {
      const source = path.join(from, entry);
      if (!existsSync(source)) continue;
      await cp(source, path.join(folder, entry), {
        recursive: true,
        dereference: true,
        filter: (file) => !path.relative(from, file).split(path.sep).includes("node_modules"),
      });
    }
  }
}

/** Copies the interpreter and asks it for its version, so that one of another platform is noticed now. */
async function copyNode(
  { root, execPath }: VersionSource,
  target: string,
  signal: AbortSignal,
): Promise<string> {
  const file = path.join(target, "bin", process.platform === "win32" ? "node.exe" : "node");
  await mkdir(path.dirname(file), { recursive: true });
  await copyFile(packagedNode(root, process.platform) ?? execPath, file);
  await chmod(file, 0o755);
  const said = await runCommand(file, ["--version"], {
    environment: {},
    workingDirectory: target,
    timeoutMs: PROBE_MS,
    signal,
  });
  const node = said.stdout.trim();
  const major = Number(/^v(\d+)\./.exec(node)?.[1]);
  if (said.exitCode === 0 && major >= NODE_MAJOR_MIN) return node;
  throw new Failure({
    code: "CBI_NODE_UNSUPPORTED",
    message: `expected a Node of version ${NODE_MAJOR_MIN} or later, got ${node || said.stderr || "none that runs"}`,
    remedy: "Let npm run the install script of the node package, or start cbi with Node 24",
    exit: ExitCode.failed,
  });
}

async function markerOf(folder: string): Promise<z.infer<typeof markerSchema> | undefined> {
  try {
    const text = await readFile(path.join(folder, VERSION_MARKER), "utf8");
    return markerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function notBuilt(root: string): Failure {
  return new Failure({
    code: "CBI_NOT_BUILT",
    message: `there is no built program in ${path.join(root, "dist")}`,
    remedy: "Build it: npm run build",
    exit: ExitCode.failed,
  });
}
