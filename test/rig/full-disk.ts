import { spawnSync } from "node:child_process";
import { cp, rename } from "node:fs/promises";
import type { Rig } from "./rig.ts";

/** Less than the warehouse of a quick night takes; `ulimit -f` counts in halves of a kilobyte. */
const FILE_KB_MAX = 1000;

/** A home on a disk without room, until it gets some. */
export interface FullDisk extends Disposable {
  /** How the room was taken: a small disk of memory, or a limit on the size of files. */
  means: "tmpfs" | "ulimit";
  /** What `cbi` is started through. */
  wrapper: readonly string[];
  /** Gives the disk room. */
  grow(): void;
}

/**
 * Puts a rig's home on a tmpfs that has `roomKb` beyond what lies there (tmpfs(5)). Where this
 * process may not mount, no file may grow beyond a limit instead: writes then fail with EFBIG.
 */
export async function fillDisk(rig: Rig, roomKb: number): Promise<FullDisk> {
  const { root } = rig.paths;
  const aside = `${root}-aside`;
  await rename(root, aside);
  await cp(aside, root, { recursive: true });
  const used = Number(run("du", "-sk", aside).stdout.split("\t")[0]);
  const isMounted = run("mount", "-t", "tmpfs", "-o", `size=${used + roomKb}k`, "cbi", root).ok;
  if (isMounted) {
    await cp(aside, root, { recursive: true });
    return {
      means: "tmpfs",
      wrapper: [],
      grow: () => void run("mount", "-o", "remount,size=256m", root),
      [Symbol.dispose]: () => void run("umount", "-l", root),
    };
  }
  const limited = ["sh", "-c", `ulimit -f ${Math.min(roomKb, FILE_KB_MAX) * 2}; exec "$@"`, "sh"];
  const disk: FullDisk = {
    means: "ulimit",
    wrapper: limited,
    grow: () => (disk.wrapper = []),
    [Symbol.dispose]: () => undefined,
  };
  return disk;
}

function run(command: string, ...args: string[]): { ok: boolean; stdout: string } {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return { ok: status === 0, stdout: stdout ?? "" };
}
