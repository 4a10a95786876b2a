import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

let known: string | undefined;

/**
 * A hash of the program's own files, TypeScript or JavaScript and Python alike: what a checkpoint
 * was made by. The build writes none down, so that an edited installation is never mistaken for
 * the original.
 */
export function codeHash(): string {
  known ??= treeHash(path.resolve(import.meta.dirname, ".."));
  return known;
}

/** A hash of the program files below a folder, with their names. */
export function treeHash(root: string): string {
  const hash = createHash("sha256");
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|js|py|lock)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  for (const file of entries) hash.update(path.relative(root, file)).update(readFileSync(file));
  return hash.digest("hex");
}
