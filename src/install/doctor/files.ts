import { open, readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { exists, isErrno, temporaryNameFor } from "../../system/files.ts";
import { messageOf } from "../../system/failure.ts";
import { fail, pass, warn, type Check, type CheckResult } from "./check.ts";

/**
 * Whether this process may read and write where runs do, and nobody else may write what is started.
 * It is tried and not asked: macOS lets a process look at the rights of a folder that privacy keeps it
 * out of.
 */
export const filesCheck: Check = {
  name: "files",
  isInside: true,
  run: async ({ home: { paths } }) => {
    const { root, logs, models, trainingData, config } = paths;
    const refused = await firstRefusal([root, logs, models, trainingData], [config]);
    if (refused) return refused;
    const { mode } = await stat(config);
    if (process.platform !== "win32" && (mode & 0o002) !== 0) {
      return warn(
        `everybody may write ${config}, and with it what jobs start`,
        `Close it: chmod o-w ${config}`,
      );
    }
    return pass(`${root} can be read and written`);
  },
};

/** The first of the folders that cannot be listed and written, or of the files that cannot be read. */
export async function firstRefusal(
  folders: readonly string[],
  files: readonly string[],
): Promise<CheckResult | undefined> {
  for (const file of files) {
    const refused = await refusal("read", file, () => readable(file));
    if (refused) return refused;
  }
  for (const folder of folders) {
    if (!(await exists(folder)) && !(await isHidden(folder))) continue;
    const refused =
      (await refusal("read", folder, () => readdir(folder))) ??
      (await refusal("write in", folder, () => writable(folder)));
    if (refused) return refused;
  }
  return undefined;
}

async function isHidden(folder: string): Promise<boolean> {
  return stat(folder).then(
    () => false,
    (error: unknown) => !isErrno(error, "ENOENT"),
  );
}

async function readable(file: string): Promise<void> {
  await using handle = await open(file, "r");
  await handle.read(Buffer.alloc(1), 0, 1, 0);
}

async function writable(folder: string): Promise<void> {
  const file = temporaryNameFor(path.join(folder, "cbi-writes-here"));
  try {
    await (await open(file, "wx", 0o600)).close();
  } finally {
    await rm(file, { force: true });
  }
}

async function refusal(
  verb: string,
  file: string,
  act: () => Promise<unknown>,
): Promise<CheckResult | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    return explained(verb, file, error);
  }
}

/**
 * EPERM is the answer of macOS's privacy protection, EACCES that of modes and access lists (Apple
 * Developer Forums, thread 678819); elsewhere EPERM means a file that is marked immutable.
 */
export function explained(verb: string, file: string, error: unknown): CheckResult {
  if (isErrno(error, "EPERM") && process.platform === "darwin") {
    return fail(
      `macOS's privacy protection does not let it ${verb} ${file} (EPERM)`,
      "Move the home out of Documents, Desktop, Downloads, iCloud and external drives; or give the installed Node Full Disk Access in System Settings",
    );
  }
  if (isErrno(error, "EPERM")) {
    return fail(
      `the system does not let it ${verb} ${file}, whatever its mode (EPERM)`,
      `See whether it is immutable: lsattr -d ${file}`,
    );
  }
  if (isErrno(error, "EACCES")) {
    return fail(`this user may not ${verb} ${file} (EACCES)`, `See whose it is: ls -ld ${file}`);
  }
  return fail(`it could not ${verb} ${file}: ${messageOf(error)}`, `See: ls -ld ${file}`);
}
