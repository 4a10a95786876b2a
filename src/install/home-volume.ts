import { appFolder } from "../system/app-folder.ts";
import { ExitCode } from "../system/exit-code.ts";
import { Failure } from "../system/failure.ts";
import { shellWord } from "../system/shell-word.ts";
import { volumeOf, type Volume, type VolumeWorld } from "../system/volume.ts";
import { readRecord } from "./record.ts";

/**
 * Refuses to go on with an installed home whose volume is not there, or where another one is mounted
 * in its place: whatever would be written, would be written to the wrong disk. Throws
 * `CBI_VOLUME_MISSING`. Nothing for a home that is not installed, and nothing is created.
 */
export async function mustBeOnItsVolume(root: string, world: VolumeWorld): Promise<void> {
  const { environment } = world;
  const record = await readRecord(appFolder({ environment })).catch(() => undefined);
  if (record?.home !== root || record.volume === undefined) return;
  await mustBeOn(root, record.volume, world);
}

/** The same against a volume that is known. A system that does not say what is there is believed. */
export async function mustBeOn(root: string, known: Volume, world: VolumeWorld): Promise<void> {
  const found = await volumeOf(root, world);
  if (!found || found.id === known.id) return;
  throw new Failure({
    code: "CBI_VOLUME_MISSING",
    message: `the home ${root} was installed on the volume ${known.id} (${known.mountPoint}), and there is ${found.id} (${found.mountPoint}) in its place`,
    remedy: `Connect and mount it: what was missed is caught up then. If the home has moved for good: cbi install --moved --home ${shellWord(root)}`,
    exit: ExitCode.unavailable,
    class: "retryable",
  });
}
