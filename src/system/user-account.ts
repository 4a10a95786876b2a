import { runCommand } from "./run-command.ts";

/** A user of this machine, as its list of users has them. */
export interface UserAccount {
  name: string;
  uid: number;
  gid: number;
  /** All groups of theirs, by number. */
  groups: readonly number[];
  /** Their home folder. */
  folder: string;
}

const CALL_MS = 30_000;

/**
 * Looks a user up by name or number in every list that the machine has (getent(1)); undefined where
 * there is none of that name. Linux and other systems with getent only.
 */
export async function userAccount(
  name: string,
  signal: AbortSignal,
): Promise<UserAccount | undefined> {
  const options = {
    environment: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" },
    workingDirectory: "/",
    timeoutMs: CALL_MS,
    signal,
  };
  const { exitCode, stdout } = await runCommand("getent", ["passwd", "--", name], options);
  const [found = "", , uid, gid, , folder = ""] = stdout.trim().split(":");
  if (exitCode !== 0 || found === "" || folder === "") return undefined;
  const listed = await runCommand("id", ["-G", "--", found], options);
  const groups = listed.stdout.trim().split(/\s+/).map(Number);
  return { name: found, uid: Number(uid), gid: Number(gid), groups, folder };
}
