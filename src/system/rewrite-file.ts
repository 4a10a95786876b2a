import { constants } from "node:fs";
import { open } from "node:fs/promises";

/**
 * Replaces the content of a file that is there, for one in a folder in which this user may make no other. It
 * is one write, and a reader in between finds a part of it: the text has to say where it ends. A link in
 * its place is refused (ELOOP).
 */
export async function rewriteFile(file: string, text: string): Promise<void> {
  await using handle = await open(file, constants.O_WRONLY | constants.O_NOFOLLOW);
  const bytes = Buffer.from(text);
  await handle.write(bytes, 0, bytes.length, 0);
  await handle.truncate(bytes.length);
  await handle.sync();
}
