import type { PowerSchedule } from "../host/launchd/pmset/sched-text.ts";
import { timeOfDay } from "../schedule/wall.ts";
import type { InstallPlan } from "./plan.ts";
import { hashOf, bytesOf, type Comparison } from "./look.ts";

/** A plan for programs: the answer of `--json`, and `plan.json` beside rendered files. */
export function planJson(plan: InstallPlan, comparison: Comparison): object {
  const { home } = plan;
  return {
    schema: 1,
    host: plan.host,
    scope: home.scope,
    home: home.root,
    account: home.account.name,
    version: home.version,
    app: {
      folder: home.program.appFolder,
      node: home.program.node,
      entry: home.program.entry,
    },
    zone: { machine: home.zone.name, data: home.zoneData },
    compiled: {
      from: new Date(home.fromMs).toISOString(),
      through: new Date(home.throughMs).toISOString(),
      fingerprint: plan.fingerprint,
    },
    folders: plan.folders.map(({ path, mode, owner }) => ({ path, mode: octal(mode), owner })),
    files: comparison.files.map(({ file, change }) => ({
      path: file.path,
      mode: octal(file.mode),
      owner: file.owner,
      bytes: bytesOf(file).length,
      sha256_of_text: hashOf(file),
      change,
    })),
    removes: comparison.removes,
    units: plan.units,
    wakes: plan.wakes.map(({ job, slot, atMs }) => ({
      job,
      slot,
      at: new Date(atMs).toISOString(),
    })),
    ...(plan.power && { power: powerJson(plan.power) }),
    remarks: plan.remarks,
  };
}

/** What the Mac does by itself: times are its own, and days a bit each, Monday the lowest. */
function powerJson({ on, off, events }: PowerSchedule): object {
  const repeating = [on, off].flatMap((event) => (event ? [event] : []));
  return {
    repeating: repeating.map(({ type, minuteOfDay, days }) => ({
      type,
      at: timeOfDay(minuteOfDay),
      days: days ?? null,
    })),
    events: events.map(({ type, wall, owner }) => ({ type, at: wall, owner: owner ?? null })),
  };
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
