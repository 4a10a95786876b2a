import path from "node:path";
import { z } from "zod";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { readTextIfThere, replaceJson } from "../system/files.ts";
import { HOST_NAMES } from "./machine.ts";

const recordSchema = z.strictObject({
  schema: z.literal(1),
  /** `installing` and `removing` were interrupted when they are found: the same command goes on. */
  state: z.enum(["installing", "installed", "removing"]),
  host: z.enum(HOST_NAMES),
  scope: z.enum(["system", "user"]),
  home: z.string(),
  version: z.string(),
  fingerprint: z.string(),
  folders: z.array(z.string()),
  files: z.array(z.strictObject({ path: z.string(), hash: z.string() })),
  units: z.array(z.strictObject({ name: z.string(), domain: z.string(), file: z.string() })),
  /** Whether lingering of the user was enabled for it, and is to be disabled again. */
  linger: z.boolean().default(false),
});

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
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Failure({
      code: "CBI_INSTALL_RECORD",
      message: `${file} is not a record of an installation that this version can read`,
      remedy: `Install again after moving it away: mv ${file} ${file}.old`,
      exit: ExitCode.failed,
      cause,
    });
  }
}

export async function writeRecord(appFolder: string, record: InstallRecord): Promise<void> {
  await replaceJson(recordFile(appFolder), record);
}
