import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import type { Keepable } from "../../models/retention.ts";

export type PrunedKind = "model" | "run" | "training" | "export" | "leftover";

/** Something that may be given back, and how. */
export interface Candidate extends Keepable {
  kind: PrunedKind;
  /** What is deleted from the disk. */
  paths: string[];
  /** Called before its files go: the ledger forgets first, since files without a record do no harm. */
  forget?: () => void;
}

/** A candidate that is one file or folder, named by it. */
export async function candidateAt(kind: PrunedKind, file: string): Promise<Candidate> {
  const facts = await sizeAndAge([file]);
  return { kind, id: path.basename(file), ...facts, isProtected: false, paths: [file] };
}

/**
 * Total size, and the newest change, of files and folders; what is not there counts nothing. A link
 * counts as itself: deleting it leaves what it points to.
 */
export async function sizeAndAge(targets: string[]): Promise<{ bytes: number; createdMs: number }> {
  let bytes = 0;
  let createdMs = 0;
  for (const target of targets) {
    const facts = await lstat(target).catch(() => undefined);
    if (!facts) continue;
    createdMs = Math.max(createdMs, facts.mtimeMs);
    if (!facts.isDirectory()) bytes += facts.size;
    else {
      const inner = await readdir(target);
      bytes += (await sizeAndAge(inner.map((name) => path.join(target, name)))).bytes;
    }
  }
  return { bytes, createdMs };
}

/** Whether a path is a plain file, and no link to one. */
export async function isPlainFile(file: string): Promise<boolean> {
  return lstat(file).then(
    (facts) => facts.isFile(),
    () => false,
  );
}
