import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { hashText } from "../../src/system/files.ts";

/** Every file below a folder with the hash of what it holds, by relative path. */
export function treeOf(root: string): Record<string, string> {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  return Object.fromEntries(
    files.map((file) => [path.relative(root, file), hashText(readFileSync(file, "base64"))]),
  );
}
