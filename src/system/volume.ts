import { readdirSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { runCommand } from "./run-command.ts";

/** A file system as it can be known again, wherever its disk is plugged in next. */
export interface Volume {
  /** Its UUID as `uuid:…`; where it has none, what is mounted and where, as `tmpfs scratch at /mnt`. */
  id: string;
  mountPoint: string;
}

export interface VolumeWorld {
  environment: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  platform?: NodeJS.Platform;
  /** Linux: the mounts of this process (proc(5)), and the names that udev gives to disks. */
  mountsFile?: string;
  uuidsFolder?: string;
}

const CALL_MS = 30_000;

/**
 * The volume that a path lies on, or would lie on: the nearest of its folders that is there decides.
 * Undefined where the system does not say. A device number would not do: it changes with every boot.
 */
export async function volumeOf(target: string, world: VolumeWorld): Promise<Volume | undefined> {
  const platform = world.platform ?? process.platform;
  try {
    const real = realFolder(path.resolve(target));
    if (platform === "linux") return linuxVolume(real, world);
    if (platform === "darwin") return await macVolume(real, world);
    return undefined;
  } catch (error) {
    if (world.signal.aborted) throw error;
    return undefined;
  }
}

function realFolder(target: string): string {
  try {
    return realpathSync(target);
  } catch (error) {
    const parent = path.dirname(target);
    if (parent === target) throw error;
    return realFolder(parent);
  }
}

/** Fields of /proc/self/mountinfo (proc(5)): the mount point is the fifth, type and source follow the dash. */
function linuxVolume(target: string, world: VolumeWorld): Volume | undefined {
  const text = readFileSync(world.mountsFile ?? "/proc/self/mountinfo", "utf8");
  const mounts = text.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const mountPoint = before.split(" ")[4];
    const [type = "", source = ""] = after.split(" ");
    if (mountPoint === undefined) return [];
    return [{ mountPoint: unescaped(mountPoint), type, source: unescaped(source) }];
  });
  const holding = mounts.filter(({ mountPoint }) => isBelow(target, mountPoint));
  // Of several on one another the last is the one that is seen.
  const longest = Math.max(...holding.map(({ mountPoint }) => mountPoint.length));
  const mount = holding.findLast(({ mountPoint }) => mountPoint.length === longest);
  if (!mount) return undefined;
  const { mountPoint, type, source } = mount;
  const isDevice = source.startsWith("/dev/");
  const uuid = isDevice ? uuidOf(source, world.uuidsFolder ?? "/dev/disk/by-uuid") : undefined;
  if (uuid !== undefined) return { id: `uuid:${uuid}`, mountPoint };
  // A device without a UUID has a name that another may have tomorrow.
  return { id: `${type} ${isDevice ? "" : `${source} `}at ${mountPoint}`, mountPoint };
}

function isBelow(target: string, folder: string): boolean {
  return target === folder || target.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/** Spaces and the like stand in octal. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_all, digits: string) =>
    String.fromCodePoint(Number.parseInt(digits, 8)),
  );
}

function uuidOf(device: string, folder: string): string | undefined {
  try {
    const real = realpathSync(device);
    return readdirSync(folder).find((name) => realpathSync(path.join(folder, name)) === real);
  } catch {
    return undefined;
  }
}

/** diskutil(8) knows volumes by where they are mounted, and df(1) where that is for a path. */
async function macVolume(target: string, world: VolumeWorld): Promise<Volume | undefined> {
  const options = {
    environment: { ...world.environment, LC_ALL: "C" },
    workingDirectory: "/",
    timeoutMs: CALL_MS,
    signal: world.signal,
  };
  const listed = await runCommand("df", ["-P", target], options);
  const mountPoint = /\d+%\s+(\/.*)$/m.exec(listed.stdout)?.[1];
  if (mountPoint === undefined) return undefined;
  const info = await runCommand("diskutil", ["info", "-plist", mountPoint], options);
  const uuid = /<key>VolumeUUID<\/key>\s*<string>([0-9A-Fa-f-]+)<\/string>/.exec(info.stdout)?.[1];
  return { id: uuid === undefined ? `at ${mountPoint}` : `uuid:${uuid}`, mountPoint };
}
