import { mkdir } from "node:fs/promises";
import { exists } from "../../../system/files.ts";
import { diskOf } from "../../registrars.ts";
import type { Mend, Repair } from "./repair.ts";

/** Folders of a home and of its installation that are gone; a home whose volume is gone never comes here. */
export const folders: Repair = async ({ home: { paths }, installed, ...world }) => {
  const mends: Mend[] = [];
  for (const path of [paths.logs, paths.models, paths.trainingData]) {
    if (await exists(path)) continue;
    mends.push({
      what: `make the folder ${path}`,
      mend: async () => void (await mkdir(path, { recursive: true })),
    });
  }
  if (!installed) return mends;
  const { plan, machine } = installed.prepared;
  const { host, home } = plan;
  for (const folder of plan.folders) {
    if (await exists(folder.path)) continue;
    // Some of them are root's.
    const disk = diskOf({ host, scope: home.scope, appFolder: machine.appFolder }, world);
    mends.push({
      what: `make the folder ${folder.path}`,
      mend: async () => disk.makeFolder(folder),
    });
  }
  return mends;
};
