import { existsSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import type { HostFile } from "../host/hosted-home.ts";
import { protectedFolder } from "../host/launchd/protected-folder.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { shellWord } from "../system/shell-word.ts";
import type { Prepared } from "./prepare.ts";

export interface BeforeOptions {
  /** Whether the home may lie where macOS keeps out what it starts by itself. */
  allowsProtectedFolder?: boolean;
}

/** Refuses what must not be installed, before anything is touched. Each names what to do. */
export function mustBeInstallable(
  prepared: Prepared,
  environment: NodeJS.ProcessEnv,
  options: BeforeOptions = {},
): void {
  mustNotBeSudo("cbi install", environment);
  mustBeTheSameHome(prepared);
  if (options.allowsProtectedFolder !== true) mustBeReachable(prepared);
  mustOwnWhatItReplaces(prepared);
  mustBeSafeForRoot(prepared);
}

/** Root's files in a user's folders lock the user out of their own runs: a Mac's sudo leaves HOME as it is. */
export function mustNotBeSudo(
  command: string,
  { SUDO_USER: user }: Readonly<Record<string, string | undefined>>,
): void {
  if (process.getuid?.() !== 0 || !user || user === "root") return;
  const asks =
    process.platform === "darwin" ? "; it asks for the password when a step needs it" : "";
  throw refused(
    "CBI_INSTALL_SUDO",
    `sudo was used, and what it writes would be root's instead of ${user}'s`,
    `Run it as yourself, without sudo: ${command}${asks}`,
  );
}

/** In a terminal the home is readable, and from within launchd it is not. */
function mustBeReachable({ plan, machine }: Prepared): void {
  if (plan.host !== "launchd" || !machine.isThis) return;
  const { root, account } = plan.home;
  const place = existsSync(root) ? realpathSync(root) : root;
  const folder = protectedFolder(place, account.folder) ?? protectedFolder(root, account.folder);
  if (folder === undefined) return;
  throw refused(
    "CBI_HOME_PROTECTED",
    `${root} lies in ${folder}, which macOS keeps closed to what it starts by itself`,
    "Move the home, such as to ~/cbi; or give the installed Node Full Disk Access and say: cbi install --allow-protected-folder",
  );
}

function mustBeTheSameHome({ plan, record }: Prepared): void {
  if (!record) return;
  const { home, host } = plan;
  const isSame = record.home === home.root && record.host === host && record.scope === home.scope;
  if (isSame) return;
  throw refused(
    "CBI_INSTALLED_OTHERWISE",
    `${record.home} is installed in ${record.scope === "system" ? "the machine's" : "the user's"} ${record.host}, and one installation serves one home`,
    "Take that one away first: cbi uninstall; or put the jobs of both in one home; or serve this one without a scheduler: cbi daemon",
  );
}

/** A file of our name that no record of ours knows may be somebody's. */
function mustOwnWhatItReplaces({ plan, comparison, record }: Prepared): void {
  // A property list that starts this user's own program is ours, though its record is gone.
  const program = `<string>${plan.home.program.node.replaceAll("&", "&amp;")}</string>`;
  const ours = new Set(record?.files.map(({ path: file }) => file));
  const foreign = comparison.files.find(
    ({ change, file, before }) =>
      change === "replace" && !ours.has(file.path) && before?.includes(program) !== true,
  );
  if (!foreign) return;
  throw refused(
    "CBI_FOREIGN_FILE",
    `${foreign.file.path} is there, and was not written by this installation`,
    `Look at it, then move it away: ${moveAway(foreign.file)}`,
  );
}

function moveAway({ path: file, owner }: HostFile): string {
  const isRoots = owner === "root" && process.getuid?.() !== 0;
  return `${isRoots ? "sudo " : ""}mv ${shellWord(file)} ${shellWord(`${file}.old`)}`;
}

/**
 * What root starts must be root's alone to write, or whoever may write it is root: the program, its
 * home, and every folder above them.
 */
function mustBeSafeForRoot({ plan, machine }: Prepared): void {
  if (!machine.isRoot) return;
  const { program, root } = plan.home;
  const paths = [program.appFolder, root, path.join(root, "cbi.yaml")];
  const open = paths.flatMap(withParents).find((file) => isOpenToOthers(file));
  if (open === undefined) return;
  throw refused(
    "CBI_ROOT_RUNS_OTHERS",
    `the jobs would run as root, and others than root may write ${open}`,
    "Install as the user whose home it is, or give it to root alone: chown root and chmod go-w",
  );
}

function withParents(file: string): string[] {
  const parent = path.dirname(file);
  return parent === file ? [file] : [file, ...withParents(parent)];
}

/** A sticky folder such as /tmp lets others add files, and not replace root's. */
function isOpenToOthers(file: string): boolean {
  if (!existsSync(file)) return false;
  const { uid, mode } = statSync(file);
  const isSticky = (mode & 0o1000) !== 0;
  return uid !== 0 || ((mode & 0o022) !== 0 && !isSticky);
}

function refused(code: string, message: string, remedy: string): Failure {
  return new Failure({ code, message, remedy, exit: ExitCode.failed });
}
