import { rm } from "node:fs/promises";
import path from "node:path";
import { exists } from "../../../system/files.ts";
import { probeFolder } from "../../probe/ask.ts";
import { probeOf } from "../../probe/probe-of.ts";
import type { Repair } from "./repair.ts";

/** What a look from within the scheduler left that was killed before its end. */
export const probe: Repair = async ({ installed, ...world }) => {
  if (!installed) return [];
  const { plan, machine } = installed.prepared;
  const folder = probeFolder(machine.appFolder);
  const request = { answer: path.join(folder, "none.json"), isOffline: true };
  const left = probeOf(plan.host, plan.home, request, world);
  if (!(await left.isThere()) && !(await exists(folder))) return [];
  return [
    {
      what: `take away what an interrupted probe left in ${plan.host}`,
      async mend() {
        await left.clear();
        await rm(folder, { recursive: true, force: true });
      },
    },
  ];
};
