import { spawnSync } from "node:child_process";

/** Whether a process runs; one that is dead and not yet reaped does not. By ps(1), on any Unix. */
export function livesStill(pid: number): boolean {
  const state = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout;
  return state.trim() !== "" && !state.trim().startsWith("Z");
}

/** The processes that `pid` started and that run. */
export function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid=,stat=,comm="], { encoding: "utf8" });
  return stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, parent, state, name]) =>
        parent === String(pid) && !state?.startsWith("Z") && name !== "ps",
    )
    .map(([child]) => Number(child));
}
