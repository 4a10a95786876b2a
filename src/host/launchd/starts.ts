import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { replaceFile } from "../../system/files.ts";

/** launchd answers at once, or within its throttle; what lies longer is not heard. */
const UNHEARD_MS = 10 * 60_000;

/**
 * Asks launchd to start a job: a file in the folder that the job's QueueDirectories names. Whoever may
 * write there may ask, and launchd starts the job as it does at its times, once and with its limits; no
 * process of a user could tell the system domain so itself. False when an earlier request still lies
 * there: then launchd does not have the job.
 */
export async function requestStart(
  startsFolder: string,
  job: string,
  nowMs: number,
): Promise<boolean> {
  const file = path.join(startsFolder, job, "request");
  const earlier = await stat(file).catch(() => undefined);
  if (earlier && Math.abs(nowMs - earlier.mtimeMs) > UNHEARD_MS) return false;
  if (!earlier) await replaceFile(file, "");
  return true;
}

/**
 * Takes the requests of a job away, as the first thing that a start does: launchd starts a job again
 * and again while its folder is not empty. A folder that is not there holds none.
 */
export async function claimStarts(startsFolder: string, job: string): Promise<number> {
  const folder = path.join(startsFolder, job);
  const names = await readdir(folder).catch(() => []);
  for (const name of names) await rm(path.join(folder, name), { recursive: true, force: true });
  return names.length;
}
