import { capOwnOutput } from "../system/own-output.ts";
import { claimStarts } from "./launchd/starts.ts";

/**
 * What a process does first that a scheduler has started, before anything that may fail: takes away
 * what asked for the start, and keeps the file that it prints to small. Nothing for anybody else.
 */
export async function beginForHost(
  environment: Readonly<Record<string, string | undefined>>,
  job?: string,
): Promise<void> {
  const { CBI_HOST: host, CBI_STARTS: starts } = environment;
  if (host !== "launchd" && host !== "cron") return;
  capOwnOutput();
  // The name becomes a path in which things are deleted.
  if (starts && job !== undefined && /^[a-z][a-z0-9-]*$/.test(job)) await claimStarts(starts, job);
}
