import { chmod, mkdir } from "node:fs/promises";
import { exists } from "../../../system/files.ts";
import type { Repair } from "./repair.ts";

/** Folders of a home and of its installation that are gone; a home whose volume is gone never comes here. */
export const folders: Repair = async ({ home: { paths }, installed }) => {
  const wanted = [
    ...[paths.logs, paths.models, paths.trainingData].map((path) => ({ path, mode: undefined })),
    ...(installed?.prepared.plan.folders ?? []),
  ];
  const missing = [];
  for (const folder of wanted) if (!(await exists(folder.path))) missing.push(folder);
  return missing.map(({ path, mode }) => ({
    what: `make the folder ${path}`,
    async mend() {
      await mkdir(path, { recursive: true });
      if (mode !== undefined) await chmod(path, mode);
    },
  }));
};
