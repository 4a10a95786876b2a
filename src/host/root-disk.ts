import { existsSync, lstatSync } from "node:fs";
import { lstat, mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { callToDeadline } from "../system/call-to-deadline.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { replaceFile } from "../system/files.ts";
import { shellWord } from "../system/shell-word.ts";
import { isEmptyFolder, ownDisk, type HostDisk } from "./disk.ts";
import type { HostFile } from "./hosted-home.ts";
import type { RegistrarWorld } from "./registrar.ts";
import { callMs, type Root, type RootCommand } from "./root.ts";

/** Where a system keeps what is for all its users: a Mac, and Linux with systemd and cron. */
const SHARED = ["/Library/", "/etc/", "/run/systemd/"];
const ROOT_GROUP = process.platform === "darwin" ? "wheel" : "root";
/** launchd takes at a start only what is named `.plist`, so a new file is none until it is renamed. */
const NEW = ".new";
const PLUTIL = "/usr/bin/plutil";

/**
 * The disk for an installation in the machine's scheduler: what all users share by root's commands, the
 * rest by this process. A file is copied beside its place with its owner and mode, looked at, and renamed. The
 * copy is made from `stagingFolder`, which is the user's.
 */
export function rootDisk(root: Root, stagingFolder: string, world: RegistrarWorld): HostDisk {
  const user = `${process.getuid?.() ?? 0}`;
  const group = `${process.getgid?.() ?? 0}`;
  const ownerOf = ({ owner }: Pick<HostFile, "owner">): string[] =>
    owner === "root" ? ["-o", "root", "-g", ROOT_GROUP] : ["-o", user, "-g", group];
  return {
    async makeFolder(folder) {
      if (!isShared(folder.path)) return ownDisk.makeFolder(folder);
      const { path: target, mode } = folder;
      if (isThere(target, mode, folder.owner)) return;
      const words = ["-d", ...ownerOf(folder), "-m", octal(mode), target];
      await root.must(["/usr/bin/install", ...words]);
      // A link would have been followed to somebody else's folder.
      if (!isThere(target, mode, folder.owner)) throw notAFolder(target);
    },
    async write(file, bytes) {
      if (!isShared(file.path)) return ownDisk.write(file, bytes);
      const staged = path.join(stagingFolder, path.basename(file.path));
      const temporary = `${file.path}${NEW}`;
      await mkdir(stagingFolder, { recursive: true, mode: 0o700 });
      await replaceFile(staged, bytes);
      const words = [...ownerOf(file), "-m", octal(file.mode), staged, temporary];
      await root.must(["/usr/bin/install", ...words]);
      await mustBeWhole(file, temporary, bytes, world);
      await root.must(["/bin/mv", "-f", temporary, file.path]);
      await rm(stagingFolder, { recursive: true, force: true });
    },
    async removeFile(target) {
      if (!isShared(target)) return ownDisk.removeFile(target);
      mustBeOurs(target);
      const found = [target, `${target}${NEW}`].filter((file) => existsSync(file));
      for (const file of found) await root.must(["/bin/rm", "-f", file]);
    },
    async removeFolderIfEmpty(target) {
      if (!isShared(target)) return ownDisk.removeFolderIfEmpty(target);
      mustBeOurs(target);
      const command: RootCommand = ["/bin/rmdir", target];
      if (await isEmptyFolder(target)) await root.must(command);
    },
  };
}

function isShared(target: string): boolean {
  const plain = path.posix.normalize(target);
  return SHARED.some((folder) => plain.startsWith(folder));
}

/** In any of those folders, what an installation of ours is called: `com.cbi.scan.plist`, `cbi-scan.timer`, `cbi`, `cbi/…`. */
const OURS = /\/(?:com\.cbi\.[^/]+|cbi[-.][^/]+|cbi(?:\/[^/]+)?)$/;

/** What is to go is named by a record that the user may write, and so may whatever runs as the user. */
function mustBeOurs(target: string): void {
  if (OURS.test(path.posix.normalize(target))) return;
  throw new Failure({
    code: "CBI_ROOT_STEP",
    message: `${target} is said to be of the installation, and has no name of cbi's`,
    remedy: "It is left alone. See what the record of the installation says: installed.json",
    exit: ExitCode.failed,
  });
}

function isThere(target: string, mode: number, owner: "root" | "user"): boolean {
  const stat = lstatSync(target, { throwIfNoEntry: false });
  const uid = owner === "root" ? 0 : process.getuid?.();
  const isPlain = stat?.isFile() === true || stat?.isDirectory() === true;
  return stat !== undefined && isPlain && (stat.mode & 0o7777) === mode && stat.uid === uid;
}

function notAFolder(target: string): Failure {
  return new Failure({
    code: "CBI_ROOT_STEP",
    message: `${target} is there, and is no folder that only its owner may write`,
    remedy: `Look at it, then move it away: sudo mv ${shellWord(target)} ${shellWord(`${target}.old`)}`,
    exit: ExitCode.failed,
  });
}

/** A copy may be a part, when the disk is full or somebody was impatient. */
async function mustBeWhole(
  file: HostFile,
  copy: string,
  bytes: Uint8Array,
  world: RegistrarWorld,
): Promise<void> {
  const [stat, there] = [await lstat(copy), await readFile(copy)];
  const isRight = stat.isFile() && there.equals(bytes) && isThere(copy, file.mode, file.owner);
  if (!isRight) throw broken(file, "it is not what was to be written");
  if (!file.path.endsWith(".plist")) return;
  const end = await callToDeadline(PLUTIL, ["-lint", copy], {
    environment: { ...world.environment, LC_ALL: "C" },
    workingDirectory: "/",
    timeoutMs: callMs(world.environment),
    signal: world.signal,
  });
  const said = (end.stdout.trim() || end.stderr.trim()).split("\n")[0] ?? "";
  if (end.exitCode !== 0) throw broken(file, `plutil says: ${said}`);
}

function broken({ path: target }: HostFile, why: string): Failure {
  return new Failure({
    code: "CBI_ROOT_STEP",
    message: `the copy of ${target} cannot be put in place: ${why}`,
    remedy: "What is in place is as it was: the same command again goes on",
    exit: ExitCode.failed,
  });
}

function octal(mode: number): string {
  return mode.toString(8);
}
