import { open } from "node:fs/promises";
import { ExitCode } from "./exit-code.ts";
import { Failure, messageOf } from "./failure.ts";
import { isErrno } from "./files.ts";

/** Who besides its owner may read a file of secrets. */
export type Privacy = "owner" | "group";

const BYTES_MAX = 256 * 1024;

/**
 * The text of a file of secrets, or undefined when there is none. Throws `CBI_SECRETS_EXPOSED` (78)
 * when others than `privacy` says may read it, or any but the owner may write it, or when it is another
 * user's; root's is accepted. The open file is asked, so that it cannot be exchanged in between. Windows
 * has no such modes: there it is only read.
 */
export async function readPrivateText(file: string, privacy: Privacy): Promise<string | undefined> {
  try {
    await using handle = await open(file, "r");
    const stat = await handle.stat();
    if (!stat.isFile()) throw unreadable(file, "expected a file");
    if (stat.size > BYTES_MAX) throw unreadable(file, `expected at most ${BYTES_MAX} bytes`);
    const problem = exposure(stat, privacy);
    if (problem !== undefined) throw exposed(file, problem);
    return await handle.readFile("utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return undefined;
    if (error instanceof Failure) throw error;
    throw unreadable(file, messageOf(error));
  }
}

function exposure(stat: { mode: number; uid: number }, privacy: Privacy): string | undefined {
  const own = process.getuid?.();
  if (own === undefined) return undefined;
  if (stat.uid !== own && stat.uid !== 0) return `it belongs to user ${stat.uid}`;
  const mode = (stat.mode & 0o777).toString(8).padStart(4, "0");
  if ((stat.mode & 0o022) !== 0) return `others may write it (mode ${mode})`;
  const readers = privacy === "owner" ? 0o044 : 0o004;
  return (stat.mode & readers) === 0 ? undefined : `others may read it (mode ${mode})`;
}

function exposed(file: string, problem: string): Failure {
  return new Failure({
    code: "CBI_SECRETS_EXPOSED",
    message: `${file} holds secrets, and ${problem}`,
    remedy: `Close it: chmod 600 ${file}`,
    exit: ExitCode.configInvalid,
  });
}

function unreadable(file: string, problem: string): Failure {
  return new Failure({
    code: "CBI_SECRETS_UNREADABLE",
    message: `${file} cannot be read: ${problem}`,
    remedy: `See: ls -l ${file}`,
    exit: ExitCode.configInvalid,
  });
}
