import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { programOf } from "../describe-home.ts";
import { machineFor, ownHost } from "../machine.ts";
import { readRecord } from "../record.ts";
import { fail, pass, skip, type Check } from "./check.ts";

/** Whether what the scheduler's files point to is there. */
export const programCheck: Check = {
  name: "program",
  run: async ({ environment }) => {
    const host = ownHost();
    const { appFolder } = machineFor(host, environment);
    const record = await readRecord(appFolder);
    if (!record) return skip("cbi is not installed in a scheduler");
    const { node, entry } = programOf(host, appFolder);
    for (const [file, mode] of [
      [node, constants.X_OK],
      [entry, constants.R_OK],
    ] as const) {
      const isThere = await access(file, mode).then(
        () => true,
        () => false,
      );
      if (!isThere) return fail(`${file} is not there, and the scheduler starts it`, "cbi install");
    }
    return pass(`cbi ${record.version} in ${appFolder}`);
  },
};
