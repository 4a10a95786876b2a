import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import path from "node:path";
import { rootByHelper } from "../../host/root-by-helper.ts";
import type { Root } from "../../host/root.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { PACKAGE_ROOT } from "../../system/package-root.ts";
import { userAccount, type UserAccount } from "../../system/user-account.ts";

export interface Acting {
  /** That of the user, without what sudo and root's session say. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Takes the steps that stay root's; undefined when this process is whoever started it. */
  root: (Root & Disposable) | undefined;
}

type Environment = Acting["environment"];

/** What belongs to a session of somebody else. */
const FOREIGN = /^(?:SUDO_|XDG_|DBUS_|MAIL$|OLDPWD$)/;

/**
 * Makes this process, which root has started for a user, that user's for good: what is in their folders is
 * theirs and not root's, and nothing that they may write is run as root. A second process stays root, for
 * single steps in the machine's scheduler. Whom it is for is said by `--for`, else by sudo. Nothing
 * happens for whoever is no root, and for root itself.
 *
 * Throws `CBI_FOR_WHOM` where that is unclear, and `CBI_PROGRAM_UNREADABLE` when the user could not go on
 * with this program.
 */
export async function becomeUser(
  wanted: string | undefined,
  environment: Environment,
  signal: AbortSignal,
): Promise<Acting> {
  const user = await whom(wanted, environment, signal);
  if (!user) return { environment, root: undefined };
  const root = rootByHelper();
  try {
    become(user);
    const entry = path.join(PACKAGE_ROOT, "package.json");
    await access(entry, constants.R_OK).catch(() => {
      throw unreadable(user, entry);
    });
  } catch (error) {
    root[Symbol.dispose]();
    throw error;
  }
  const kept = Object.entries(environment).filter(([name]) => !FOREIGN.test(name));
  const own = { HOME: user.folder, USER: user.name, LOGNAME: user.name };
  // What asks the system for the user's folder asks this process's own variables.
  Object.assign(process.env, own);
  return { environment: { ...Object.fromEntries(kept), ...own }, root };
}

/** Refuses a home of somebody else, unless that was said: sudo tells who typed, and not whose home it is. */
export async function mustBeTheirHome(
  folder: string,
  wanted: string | undefined,
  { root }: Acting,
): Promise<void> {
  if (!root || wanted !== undefined) return;
  const found = await stat(folder).catch(() => undefined);
  if (!found || found.uid === process.getuid?.()) return;
  throw unclear(
    `${folder} belongs to user ${found.uid}, and sudo was used by ${process.env["USER"]}`,
    "Say whose jobs they are: sudo cbi install --for NAME",
  );
}

async function whom(
  wanted: string | undefined,
  { SUDO_USER: name, SUDO_UID: uid }: Environment,
  signal: AbortSignal,
): Promise<UserAccount | undefined> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    if (wanted === undefined) return undefined;
    throw unclear(
      process.platform === "linux"
        ? "only root may install for another user"
        : "--for is for Linux alone",
      "Without --for it is installed for whoever types it",
    );
  }
  const said = wanted ?? name;
  if (said === undefined || said === "root") return undefined;
  const user = await userAccount(said, signal);
  if (!user) throw unclear(`there is no user ${said}`, "Say who: cbi install --for NAME");
  const isOther = wanted === undefined && uid !== undefined && Number(uid) !== user.uid;
  if (isOther) {
    throw unclear(
      `sudo was used by user ${uid}, and ${said} is user ${user.uid}`,
      "Say who: cbi install --for NAME",
    );
  }
  return user.uid === 0 ? undefined : user;
}

/** In this order: whoever is no longer root may not change groups. */
function become({ uid, gid, groups }: UserAccount): void {
  process.setgroups?.(groups);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

function unclear(message: string, remedy: string): Failure {
  return new Failure({ code: "CBI_FOR_WHOM", message, remedy, exit: ExitCode.usage });
}

function unreadable({ name }: UserAccount, file: string): Failure {
  return new Failure({
    code: "CBI_PROGRAM_UNREADABLE",
    message: `the program lies where ${name} may not read it: ${file}`,
    remedy: `Install it for all, npm install --global cbi, or run it from a folder of ${name}'s`,
    exit: ExitCode.failed,
  });
}
