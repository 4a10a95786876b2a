import { says, stateOf, type Fake } from "./fake.ts";

/** `fdesetup status` and `isactive`; `fdesetup.json` of the state says whether FileVault is on. */
export const fdesetup: Fake = {
  answer({ args }) {
    const { isOn } = stateOf("fdesetup", { isOn: false });
    if (args[0] === "isactive") return { code: isOn ? 0 : 1, stdout: `${isOn}\n` };
    if (args[0] !== "status") return says(1, "Error: nothing else is imitated.");
    return { code: 0, stdout: `FileVault is ${isOn ? "On" : "Off"}.\n` };
  },
};
