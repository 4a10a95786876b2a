import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";

/** A package to copy, without the packages nested in it. */
export interface PackageCopy {
  from: string;
  /** Relative to the folder of the version. */
  to: string;
  /** What of it is copied: all, or for cbi itself what it publishes. */
  entries: readonly string[] | "all";
}

const manifestSchema = z.object({
  name: z.string(),
  files: z.array(z.string()).optional(),
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});

/** The one dependency that is not imported: it brings the interpreter. */
const NODE_PACKAGE = "node";

/**
 * The package at `root` and all that it needs to run, as they lie on this machine: what was installed
 * and tested is what is copied, and no network is needed. Packages keep their places to each other, so
 * that Node finds in the copy what it finds here. Optional packages of other platforms are not there and
 * are left out. Throws `CBI_PACKAGE_INCOMPLETE` when one that is needed is missing.
 */
export function packagesOf(root: string): PackageCopy[] {
  const copies = new Map<string, PackageCopy>();
  const visit = (folder: string): void => {
    if (copies.has(folder)) return;
    const manifest = manifestOf(folder);
    const entries = folder === root ? ["package.json", ...(manifest.files ?? [])] : "all";
    copies.set(folder, { from: folder, to: placeOf(root, folder), entries });
    const { dependencies, optionalDependencies } = manifest;
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      if (name === NODE_PACKAGE && folder === root) continue;
      const found = packageFolder(folder, name);
      if (found !== undefined) visit(found);
      else if (!(name in optionalDependencies)) throw incomplete(name, folder);
    }
  };
  visit(root);
  return [...copies.values()];
}

/** Where the interpreter of the `node` package lies, or undefined when it brought none. */
export function packagedNode(root: string, platform: NodeJS.Platform): string | undefined {
  const folder = packageFolder(root, NODE_PACKAGE);
  if (folder === undefined) return undefined;
  const file = path.join(folder, "bin", platform === "win32" ? "node.exe" : "node");
  return existsSync(file) ? file : undefined;
}

/** Node's own search: `node_modules` of the folder and of each above it. */
function packageFolder(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, "node_modules", name);
    if (existsSync(path.join(candidate, "package.json"))) return candidate;
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** Inside of cbi's own folder, or beside it in the `node_modules` that holds it. */
function placeOf(root: string, folder: string): string {
  const own = path.join("node_modules", "cbi");
  if (folder === root) return own;
  const inside = path.relative(root, folder);
  if (!inside.startsWith("..")) return path.join(own, inside);
  return path.join("node_modules", path.relative(path.dirname(root), folder));
}

function manifestOf(folder: string): z.infer<typeof manifestSchema> {
  const text = readFileSync(path.join(folder, "package.json"), "utf8");
  return manifestSchema.parse(JSON.parse(text));
}

function incomplete(name: string, folder: string): Failure {
  return new Failure({
    code: "CBI_PACKAGE_INCOMPLETE",
    message: `the package ${name}, which ${folder} needs, is not there`,
    remedy: "Install the package whole: npm ci",
    exit: ExitCode.failed,
  });
}
