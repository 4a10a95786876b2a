import { chmod, mkdir } from "node:fs/promises";
import path from "node:path";
import { replaceFile, replaceJson } from "../system/files.ts";
import { bytesOf, type Comparison } from "./look.ts";
import { planJson } from "./plan-json.ts";
import type { InstallPlan } from "./plan.ts";

/**
 * Writes the files of a plan below `folder`, each at its final path, and `plan.json` beside them. A
 * drive of Windows is a folder of its letter: `C/Users/…`. Whose they would be is in `plan.json`.
 */
export async function renderPlan(
  plan: InstallPlan,
  comparison: Comparison,
  folder: string,
): Promise<void> {
  for (const planned of plan.folders) {
    await mkdir(below(folder, planned.path), { recursive: true });
  }
  for (const file of plan.files) {
    const target = below(folder, file.path);
    await replaceFile(target, bytesOf(file));
    await chmod(target, file.mode);
  }
  await replaceJson(path.join(folder, "plan.json"), planJson(plan, comparison));
}

function below(folder: string, absolute: string): string {
  const parts = absolute.replace(/^([A-Za-z]):/, "$1").split(/[/\\]/);
  return path.join(folder, ...parts.filter((part) => part !== ""));
}
