import {
  closeSync,
  createReadStream,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import * as fs from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { systemRandom } from "./random.ts";

/** True when `file` exists, whatever it is; a dangling symbolic link does not. */
export async function exists(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  );
}

/** The file's text, or undefined when there is no such file. Any other failure is thrown. */
export async function readTextIfThere(file: string): Promise<string | undefined> {
  try {
    return await fs.readFile(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** The mark that every unfinished file of ours carries in its name; leftovers are swept by it. */
export const TEMPORARY_MARK = ".tmp-";

/** Whether a name is one that `temporaryNameFor` gives, or that of DuckDB's log beside one. */
export function isTemporaryName(name: string): boolean {
  return /\.tmp-[0-9a-f]{12}(?:\.wal)?$/.test(name);
}

/** A sibling name for work in progress: on the same volume, so that a rename publishes it. */
export function temporaryNameFor(file: string): string {
  return `${file}${TEMPORARY_MARK}${systemRandom.hex(6)}`;
}

/**
 * Replaces `file` by `content` so that a reader, or a machine that loses power, sees the old text or
 * the new and never a part: temporary sibling, fsync, rename, fsync of the folder. Makes the folder.
 * On macOS Node's fsync is F_FULLFSYNC (libuv, src/unix/fs.c), so it reaches the platter.
 */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  const temporary = temporaryNameFor(file);
  await fs.mkdir(path.dirname(file), { recursive: true });
  try {
    const handle = await fs.open(temporary, "wx", 0o644);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, file);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(path.dirname(file));
}

/**
 * `replaceFile` for a small file that is only derived from others, at once: a power cut may bring the
 * old text back, as a whole. Half of the time of the careful way goes into waiting for a thread.
 */
export function replaceDerived(file: string, content: string): void {
  const temporary = temporaryNameFor(file);
  try {
    const descriptor = inFolder(file, () => openSync(temporary, "wx", 0o644));
    try {
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Does what needs the folder of `file`; makes that where it is missing, which it seldom is. */
export function inFolder<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
    mkdirSync(path.dirname(file), { recursive: true });
    return work();
  }
}

/** `replaceFile` for a value as indented JSON with a closing newline. */
export async function replaceJson(file: string, value: unknown): Promise<void> {
  await replaceFile(file, `${JSON.stringify(value, undefined, 2)}\n`);
}

/**
 * Publishes a finished temporary file or folder under its final name: fsync, rename, fsync of the
 * folder. A file of that name is replaced; a folder of that name must not exist.
 */
export async function publish(temporary: string, final: string): Promise<void> {
  await syncTree(temporary);
  await fs.rename(temporary, final);
  await syncFolder(path.dirname(final));
}

/**
 * Publishes a finished temporary file under a name that nobody has taken yet; where somebody has,
 * theirs stays. By link(2), which never replaces, and by rename where the disk knows no links.
 */
export async function publishNew(temporary: string, final: string): Promise<void> {
  await syncTree(temporary);
  try {
    await fs.link(temporary, final);
  } catch (error) {
    if (isErrno(error, "EEXIST")) return;
    await fs.rename(temporary, final);
  }
  await syncFolder(path.dirname(final));
}

async function syncTree(target: string): Promise<void> {
  const stat = await fs.stat(target);
  if (stat.isDirectory()) {
    for (const entry of await fs.readdir(target)) await syncTree(path.join(target, entry));
    await syncFolder(target);
    return;
  }
  const handle = await fs.open(target, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a rename in `folder` durable. Windows cannot sync a folder; its rename is journalled. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await fs.open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The SHA-256 of a file's bytes as lower-case hexadecimal text, read in a stream. */
export async function hashFile(file: string): Promise<string> {
  const hash = cryptography().createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** The SHA-256 of a text as lower-case hexadecimal text. */
export function hashText(text: string): string {
  return cryptography().createHash("sha256").update(text).digest("hex");
}

/** Loaded where it is asked for: it takes a fifth of the time in which Node starts. */
const cryptography = () => process.getBuiltinModule("node:crypto");

/** JSON with sorted keys, so that equal values have equal text and thus an equal hash. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== "object" || Array.isArray(inner)) return inner;
    return Object.fromEntries(
      Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0)),
    );
  });
}

/** True when `error` is the operating system's error `code`, such as ENOENT. */
export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
