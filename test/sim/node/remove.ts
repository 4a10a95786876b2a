import path from "node:path";
import type { Disk } from "../mac/disk.ts";

/** Removes a file, or a folder with all that is in it. */
export function removeTree(disk: Disk, name: string): void {
  const node = disk.find(name);
  if (node?.kind === "folder") {
    for (const entry of node.entries.keys()) removeTree(disk, path.join(name, entry));
  }
  disk.remove(name);
}
