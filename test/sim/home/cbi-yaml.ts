import type { Home } from "../../../src/config/home.ts";
import { ExitCode } from "../../../src/system/exit-code.ts";
import { Failure } from "../../../src/system/failure.ts";
import { textOf } from "../mac/disk.ts";
import type { Nights } from "../nights.ts";
import { configText, HOME, homeOf } from "./config.ts";

const FILE = `${HOME}/cbi.yaml`;

/** How an editor writes: a new file in the place of the old one, or the file itself, which is empty meanwhile. */
export type Manner = "atomic" | "in place";

/** Writes what the home is to be now; nothing where the home has no parts that read it again. */
export function writeConfig(nights: Nights, manner: Manner): void {
  const { mac, swarm } = nights;
  if (!isRead(nights) || mac.disk.isFull) return;
  const text = configText({ ...swarm.home, parts: swarm.parts, sweep: nights.sweep });
  if (manner === "in place") {
    const file = mac.disk.open(FILE, { isEmptied: true });
    mac.at(mac.trueMs + 1500, () => {
      if (mac.power === "awake" && !mac.disk.isFull) mac.disk.write(file, text);
    });
    return;
  }
  const file = mac.disk.open(`${FILE}~`, { isEmptied: true });
  mac.disk.write(file, text);
  mac.disk.sync(file);
  mac.disk.rename(`${FILE}~`, FILE);
  mac.disk.sync(mac.disk.folderAt(HOME));
}

/** The home as its file says. Throws what production throws for one that cannot be used. */
export function readHome(nights: Nights): Home {
  if (!isRead(nights)) return homeOf(nights.home.text).home;
  const node = nights.mac.disk.find(FILE);
  const text = node?.kind === "file" ? textOf(node.content) : undefined;
  if (text === undefined || !text.endsWith("\n")) {
    throw new Failure({
      code: "CBI_CONFIG_INVALID",
      message: "cbi.yaml is not what it was",
      exit: ExitCode.configInvalid,
    });
  }
  return homeOf(text).home;
}

function isRead({ swarm }: Nights): boolean {
  return swarm.parts.has("edits") || swarm.parts.has("daemon");
}
