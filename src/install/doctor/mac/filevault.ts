import { pass, skip, warn, type Check } from "../check.ts";
import { askMac } from "./ask-mac.ts";

/**
 * Whether the disk stays locked after a start until somebody logs in: nothing of ours runs before that,
 * not even as a daemon (fdesetup(8)).
 */
export const filevaultCheck: Check = {
  name: "FileVault",
  run: async ({ signal }) => {
    const { stdout, stderr } = await askMac("/usr/bin/fdesetup", ["status"], signal);
    if (/FileVault is Off/.test(stdout)) return pass("it is off: jobs start after a restart");
    if (!/FileVault is On/.test(stdout)) {
      return skip(`fdesetup did not say: ${(stderr || stdout).trim().split("\n")[0] ?? ""}`);
    }
    return warn(
      "it is on: after a restart or a power failure nothing starts until somebody unlocks the Mac",
      "Before a restart that you plan: sudo fdesetup authrestart. Against power failures only a UPS helps",
    );
  },
};
