import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { pass, skip, warn, type Check } from "./check.ts";

const MEBIBYTE = 1024 * 1024;
const BYTES_MAX = 1024 * MEBIBYTE;

/** Whether logs have grown beyond what retention should leave. */
export const logsCheck: Check = {
  name: "logs",
  run: async ({ home: { paths } }) => {
    const names = await readdir(paths.logs, { recursive: true }).catch(() => undefined);
    if (!names) return skip("there are none yet");
    let bytes = 0;
    for (const name of names) {
      const found = await stat(path.join(paths.logs, name)).catch(() => undefined);
      if (found?.isFile()) bytes += found.size;
    }
    const seen = `${Math.ceil(bytes / MEBIBYTE)} MiB in ${paths.logs}`;
    return bytes <= BYTES_MAX ? pass(seen) : warn(seen, "cbi prune, or a smaller retention");
  },
};
