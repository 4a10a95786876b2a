import { statfs } from "node:fs/promises";

/** The bytes that may still be written at `folder`, or undefined where the disk does not say. */
export async function freeBytesAt(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
