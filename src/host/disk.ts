import { chmod, mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { isErrno, replaceFile } from "../system/files.ts";
import type { HostFile, HostFolder } from "./hosted-home.ts";

/** How what a scheduler reads comes to its place and goes from it. Everything may be done again. */
export interface HostDisk {
  makeFolder(folder: HostFolder): Promise<void>;
  /** Replaces a file: at each moment the old one is there, or the new one, whole. */
  write(file: HostFile, bytes: Uint8Array): Promise<void>;
  /** Removes a file, and what an interrupted `write` of it has left. */
  removeFile(path: string): Promise<void>;
  /** Removes a folder if nothing is in it. */
  removeFolderIfEmpty(path: string): Promise<void>;
}

/** The disk as this process may write it. */
export const ownDisk: HostDisk = {
  async makeFolder({ path, mode }) {
    await mkdir(path, { recursive: true });
    await chmod(path, mode);
  },
  async write({ path, mode }, bytes) {
    await replaceFile(path, bytes);
    // The mode that a file is made with passes through the umask of whoever installs.
    await chmod(path, mode);
  },
  async removeFile(path) {
    await rm(path, { force: true });
  },
  async removeFolderIfEmpty(path) {
    if (await isEmptyFolder(path)) await rmdir(path);
  },
};

/** False too for what is not there, or is no folder. */
export async function isEmptyFolder(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length === 0;
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return false;
    throw error;
  }
}
