import { lstat, readFile } from "node:fs/promises";
import type { HostFile } from "../host/hosted-home.ts";
import { hashText, isErrno } from "../system/files.ts";
import type { InstallPlan } from "./plan.ts";
import type { InstallRecord } from "./record.ts";

/** What becomes of a file. */
export interface FileChange {
  file: HostFile;
  change: "create" | "replace" | "chmod" | "none";
  /** The text that is there now. */
  before: string | undefined;
}

/** A plan beside what is there. */
export interface Comparison {
  files: FileChange[];
  /** Files of the installation before this one that the plan has no more. */
  removes: string[];
}

/** Looks at what a plan would change. Nothing is written. */
export async function lookAt(
  plan: InstallPlan,
  record: InstallRecord | undefined,
): Promise<Comparison> {
  const files: FileChange[] = [];
  for (const file of plan.files) files.push(await changeOf(file));
  const planned = new Set(plan.files.map(({ path }) => path));
  const former = record?.files.map(({ path }) => path) ?? [];
  return { files, removes: former.filter((file) => !planned.has(file)) };
}

/** The bytes that a file is to have. */
export function bytesOf({ content, encoding }: HostFile): Buffer {
  return encoding === "utf16" ? Buffer.from(`\uFEFF${content}`, "utf16le") : Buffer.from(content);
}

export function hashOf(file: HostFile): string {
  return hashText(file.content);
}

async function changeOf(file: HostFile): Promise<FileChange> {
  try {
    const stat = await lstat(file.path);
    const bytes = stat.isFile() ? await readFile(file.path) : undefined;
    const encoding = file.encoding === "utf16" ? "utf16le" : "utf8";
    const before = bytes?.toString(encoding).replace(/^\uFEFF/, "");
    const isKept = file.isKept === true && bytes !== undefined;
    if (!isKept && !bytes?.equals(bytesOf(file))) return { file, change: "replace", before };
    const isMode = process.platform === "win32" || (stat.mode & 0o777) === file.mode;
    // launchd takes no list of another owner's, whatever is in it.
    const isRoots = process.platform === "win32" || file.owner !== "root" || stat.uid === 0;
    // And what a process of the user is to write is theirs, also when their number has become another.
    const isOwner =
      isRoots && (!isKept || file.owner === "root" || stat.uid === process.getuid?.());
    return { file, change: isMode && isOwner ? "none" : "chmod", before };
  } catch (error) {
    // Somebody closed it to the user whose jobs they are.
    if (isErrno(error, "EACCES")) return { file, change: "replace", before: undefined };
    if (!isErrno(error, "ENOENT") && !isErrno(error, "ENOTDIR")) throw error;
    return { file, change: "create", before: undefined };
  }
}
