import { readdir } from "node:fs/promises";
import path from "node:path";
import { readTold } from "../host/launchd/told.ts";
import { programOf } from "./describe-home.ts";
import type { Machine } from "./machine.ts";

/**
 * The property lists on this Mac that start the program of an app folder, for where its record is gone: launchd goes
 * on with them whatever becomes of the folder. Those of other users are not among them.
 */
export async function unrecordedLists({
  account,
  appFolder,
}: Pick<Machine, "account" | "appFolder">): Promise<string[]> {
  const { node } = programOf("launchd", appFolder);
  const folders = [
    "/Library/LaunchDaemons",
    path.posix.join(account.folder, "Library", "LaunchAgents"),
  ];
  const found: string[] = [];
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter((one) => /^com\.cbi\..+\.plist$/.test(one))) {
      const file = path.posix.join(folder, name);
      if ((await readTold(file))?.arguments.includes(node) === true) found.push(file);
    }
  }
  return found.sort();
}
