import { caffeinate } from "./caffeinate.ts";
import type { Fake } from "./fake.ts";
import { fdesetup } from "./fdesetup.ts";
import { launchctl } from "./launchctl.ts";
import { plutil } from "./plutil.ts";
import { date, pmset } from "./pmset.ts";
import { sfltool } from "./sfltool.ts";
import { sudo } from "./sudo.ts";

/** The programs of the imitated Mac, by where macOS has them. One file each. */
export const FAKES: Readonly<Record<string, Fake>> = {
  "/bin/date": date,
  "/bin/launchctl": launchctl,
  "/usr/bin/caffeinate": caffeinate,
  "/usr/bin/fdesetup": fdesetup,
  "/usr/bin/plutil": plutil,
  "/usr/bin/pmset": pmset,
  "/usr/bin/sfltool": sfltool,
  "/usr/bin/sudo": sudo,
};
