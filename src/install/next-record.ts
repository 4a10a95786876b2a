import type { HostUnit } from "../host/hosted-home.ts";
import { hashOf } from "./look.ts";
import type { Prepared } from "./prepare.ts";
import type { InstallRecord } from "./record.ts";

/** What an installation of a plan will have put in place when it is done. */
export function recordOf({ plan, record }: Prepared, version: string): InstallRecord {
  return {
    schema: 1,
    state: "installed",
    host: plan.host,
    scope: plan.home.scope,
    home: plan.home.root,
    version,
    fingerprint: plan.fingerprint,
    folders: plan.folders.map(({ path: folder }) => folder),
    files: plan.files.map((file) => ({ path: file.path, hash: hashOf(file) })),
    units: plan.units,
    linger: record?.linger === true,
  };
}

/** Everything of both, so that whoever finds it knows all that may be there. */
export function union(next: InstallRecord, former: InstallRecord | undefined): InstallRecord {
  if (!former) return next;
  const files = new Map([...former.files, ...next.files].map((file) => [file.path, file]));
  const units = new Map([...former.units, ...next.units].map((unit) => [unit.name, unit]));
  return {
    ...next,
    folders: [...new Set([...former.folders, ...next.folders])],
    files: [...files.values()],
    units: [...units.values()],
  };
}

/** The units of an earlier installation that a plan has no more. */
export function unitsGone({ plan, record }: Pick<Prepared, "plan" | "record">): HostUnit[] {
  const planned = new Set(plan.units.map(({ name }) => name));
  return record?.units.filter(({ name }) => !planned.has(name)) ?? [];
}
