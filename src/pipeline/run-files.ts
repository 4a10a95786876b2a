import path from "node:path";
import type { HomePaths } from "../system/home.ts";

/** Where a run's log lies: `Logs/nightly/nightly_pipeline_<run>.log`. */
export function runLogFile(paths: HomePaths, job: string, run: string): string {
  return path.join(paths.logs, job, `${job}_pipeline_${run}.log`);
}

/** Where a run's own reports lie: `Logs/nightly/<run>/`. */
export function runFolder(paths: HomePaths, job: string, run: string): string {
  return path.join(paths.logs, job, run);
}

/** Where the log of a run may lie, whatever the kind of its job is or was, the older part first. */
export function logFilesOf(paths: HomePaths, job: string, run: string): string[] {
  return [runLogFile(paths, job, run), olderLogFile(paths, job, run), jobLogFile(paths, job, run)];
}

/** Where the older part of the log of a service's run lies, once it has outgrown its file. */
export function olderLogFile(paths: HomePaths, job: string, run: string): string {
  return path.join(paths.logs, job, `${run}.older.log`);
}

/** Where the log of a run of a command or a service lies: `Logs/scan/<run>.log`. */
export function jobLogFile(paths: HomePaths, job: string, run: string): string {
  return path.join(paths.logs, job, `${run}.log`);
}

/** Where a job's command is noted while it runs: `Logs/scan/running.json`. */
export function runningFile(paths: HomePaths, job: string): string {
  return path.join(paths.logs, job, "running.json");
}
