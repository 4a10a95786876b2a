import { rootBySudo } from "../../../host/root.ts";
import { parseBackgroundItems } from "../../../host/launchd/background-items-text.ts";
import { fail, pass, skip, type Check } from "../check.ts";

const OURS = /^\d+\.com\.cbi\./;

/** Whether somebody has turned a job off under Login Items, where macOS lists all that starts by itself. */
export const backgroundItemsCheck: Check = {
  name: "login items",
  run: async ({ environment, signal, clock }) => {
    const root = rootBySudo({ environment, signal, clock });
    if (!(await root.isAllowed())) return skip("only root may see them: sudo -v, then cbi doctor");
    const { exitCode, stdout, stderr } = await root.run(["/usr/bin/sfltool", "dumpbtm"]);
    if (exitCode !== 0) return skip(`sfltool did not say: ${stderr.trim().split("\n")[0] ?? ""}`);
    const ours = parseBackgroundItems(stdout).filter(({ identifier }) => OURS.test(identifier));
    if (ours.length === 0) return skip("macOS lists nothing of cbi");
    const off = ours.filter(({ disposition }) => disposition.includes("disallowed"));
    if (off.length === 0) return pass(`all ${ours.length} of cbi are allowed`);
    const names = off.map(({ identifier }) => identifier.replace(/^\d+\./, ""));
    return fail(
      `somebody has turned off ${names.join(", ")}`,
      "Turn them on: System Settings, General, Login Items & Extensions, Allow in the Background",
    );
  },
};
