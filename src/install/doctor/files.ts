import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { exists } from "../../system/files.ts";
import { fail, pass, warn, type Check } from "./check.ts";

/** Whether this user may write where runs write, and nobody else may write what is started. */
export const filesCheck: Check = {
  name: "files",
  run: async ({ home: { paths } }) => {
    const { root, logs, models, trainingData, config } = paths;
    for (const folder of [root, logs, models, trainingData]) {
      if (!(await exists(folder))) continue;
      const isWritable = await access(folder, constants.W_OK | constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isWritable) continue;
      return fail(`this user may not write in ${folder}`, `See whose it is: ls -ld ${folder}`);
    }
    const { mode } = await stat(config);
    if (process.platform !== "win32" && (mode & 0o002) !== 0) {
      return warn(
        `everybody may write ${config}, and with it what jobs start`,
        `Close it: chmod o-w ${config}`,
      );
    }
    return pass(`${root} may be written by this user`);
  },
};
