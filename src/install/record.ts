import path from "node:path";
import type { z } from "zod";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { readTextIfThere, replaceJson } from "../system/files.ts";
import { shellWord } from "../system/shell-word.ts";
import type { recordSchema } from "./record-schema.ts";

/** What an installation has put in place: written before its first step and after its last. */
export type InstallRecord = z.infer<typeof recordSchema>;

export function recordFile(appFolder: string): string {
  return path.join(appFolder, "installed.json");
}

/** The record of the app folder, if there is one. Throws `CBI_INSTALL_RECORD` when it cannot be read. */
export async function readRecord(appFolder: string): Promise<InstallRecord | undefined> {
  const file = recordFile(appFolder);
  const text = await readTextIfThere(file);
  if (text === undefined) return undefined;
  const { recordSchema } = await import("./record-schema.ts");
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Failure({
      code: "CBI_INSTALL_RECORD",
      message: `${file} is not a record of an installation that this version can read`,
      remedy: `Install again after moving it away: mv ${shellWord(file)} ${shellWord(`${file}.old`)}`,
      exit: ExitCode.failed,
      cause,
    });
  }
}

export async function writeRecord(appFolder: string, record: InstallRecord): Promise<void> {
  await replaceJson(recordFile(appFolder), record);
}
