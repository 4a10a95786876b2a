import { says, stateOf, type Fake } from "./fake.ts";

/** `fdesetup status`; `fdesetup.json` of the state says whether FileVault is on. */
export const fdesetup: Fake = {
  answer({ args }) {
    if (args[0] !== "status") return says(1, "Error: nothing else is imitated.");
    const { isOn } = stateOf("fdesetup", { isOn: false });
    return { code: 0, stdout: `FileVault is ${isOn ? "On" : "Off"}.\n` };
  },
};
