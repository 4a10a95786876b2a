import { open } from "node:fs/promises";
import { isErrno } from "./files.ts";

/** What is found under a file's name. */
export type BytesRead =
  | { kind: "bytes"; bytes: Uint8Array }
  | { kind: "absent" }
  | { kind: "folder" }
  | { kind: "forbidden" }
  /** More than the limit; nothing was read. */
  | { kind: "too-large"; size: number };

/** The whole content of a file of at most `bytesMax` bytes. Other failures of the system are thrown. */
export async function readBytes(file: string, bytesMax: number): Promise<BytesRead> {
  try {
    await using handle = await open(file, "r");
    const stat = await handle.stat();
    if (stat.isDirectory()) return { kind: "folder" };
    if (stat.size > bytesMax) return { kind: "too-large", size: stat.size };
    return { kind: "bytes", bytes: await handle.readFile() };
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return { kind: "absent" };
    if (isErrno(error, "EISDIR")) return { kind: "folder" };
    if (isErrno(error, "EACCES") || isErrno(error, "EPERM")) return { kind: "forbidden" };
    throw error;
  }
}
