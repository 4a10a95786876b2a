import { volumeOf } from "../../system/volume.ts";
import { mustBeOnItsVolume } from "../home-volume.ts";
import { pass, skip, type Check } from "./check.ts";

/** Whether the home lies on the volume on which it was installed. */
export const volumeCheck: Check = {
  name: "volume",
  run: async ({ home, environment, signal }) => {
    const world = { environment, signal };
    await mustBeOnItsVolume(home.paths.root, world);
    const found = await volumeOf(home.paths.root, world);
    if (!found) return skip("the system does not say on which volume the home lies");
    return pass(`${found.id}, mounted at ${found.mountPoint}`);
  },
};
