import { chmod, stat } from "node:fs/promises";
import type { Mend, Repair } from "./repair.ts";

/** Files of ours that more may write or read than should. Nothing is ever opened further. */
export const modes: Repair = async ({ home: { paths }, installed }) => {
  if (process.platform === "win32") return [];
  const ownUid = process.getuid?.();
  const wanted = [
    { path: paths.config, allowed: 0o775 },
    ...[...(installed?.prepared.plan.files ?? []), ...(installed?.prepared.plan.folders ?? [])].map(
      ({ path, mode }) => ({ path, allowed: mode }),
    ),
  ];
  const mends: Mend[] = [];
  for (const { path, allowed } of wanted) {
    const found = await stat(path).catch(() => undefined);
    // Only its owner may close it, and root.
    if (!found || (ownUid !== 0 && found.uid !== ownUid)) continue;
    const mode = found.mode & 0o777;
    const closed = mode & allowed;
    if (closed === mode) continue;
    mends.push({
      what: `close ${path} from ${octal(mode)} to ${octal(closed)}`,
      mend: async () => chmod(path, closed),
    });
  }
  return mends;
};

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
