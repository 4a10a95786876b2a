import type { DiskNode } from "../mac/disk.ts";

/** What the product asks of a file's status. */
export interface SimStats {
  ino: number;
  size: number;
  mtimeMs: number;
  mtime: Date;
  mode: number;
  uid: number;
  isDirectory(): boolean;
  isFile(): boolean;
  isSymbolicLink(): boolean;
}

export function statsOf(node: DiskNode): SimStats {
  const { mtimeMs } = node;
  return {
    ino: node.ino,
    size: node.kind === "file" ? node.content.length : 0,
    mtimeMs,
    mtime: new Date(mtimeMs),
    mode: node.kind === "file" ? node.mode : 0o700,
    uid: process.getuid?.() ?? 0,
    isDirectory: () => node.kind === "folder",
    isFile: () => node.kind === "file",
    isSymbolicLink: () => false,
  };
}
