import { lstat, realpath } from "node:fs/promises";
import { job as jobSchema } from "../../config/jobs-schema.ts";
import type { Home } from "../../config/home.ts";
import { loadConfig } from "../../config/load-config.ts";
import { ExitCode } from "../../system/exit-code.ts";
import { Failure } from "../../system/failure.ts";
import { canonicalJson, readTextIfThere, replaceFile } from "../../system/files.ts";
import type { ImportedJob } from "./imported.ts";
import { withJobs } from "./yaml-jobs.ts";

/** What a merge would write. */
export interface Merge {
  /** The new text of cbi.yaml; the old one where there is nothing to add. */
  text: string;
  added: readonly ImportedJob[];
  /** Names of jobs that are there already with the same settings. */
  present: readonly string[];
}

/**
 * The home's cbi.yaml with these jobs: its text stays as it is, and they follow after its last job. The whole is
 * validated, and every other value must be what it was. Throws `CBI_IMPORT_NAME_TAKEN` (78) for a name that a
 * different job has, and a `ConfigFailure` (78) for what would not be valid.
 */
export function mergeJobs(
  home: Home,
  jobs: readonly ImportedJob[],
  context: {
    origin: string;
    environment: Readonly<Record<string, string | undefined>>;
  },
): Merge {
  const present = jobs.filter((one) => isPresent(home, one)).map(({ name }) => name);
  const added = jobs.filter(({ name }) => !present.includes(name));
  if (added.length === 0) return { text: home.text, added, present };
  const text = withJobs(home.text, added, context.origin);
  const { config } = loadConfig({
    text,
    file: "cbi.yaml with the imported jobs",
    environment: context.environment,
    remedy: "Nothing was changed. See what would be written: cbi import … without --write",
  });
  const names = new Set(added.filter(({ held }) => held === undefined).map(({ name }) => name));
  const others = Object.entries(config.jobs).filter(([name]) => !names.has(name));
  const rest = { ...config, jobs: Object.fromEntries(others) };
  if (canonicalJson(rest) !== canonicalJson(home.config)) throw changedOthers();
  return { text, added, present };
}

/** Puts the merged text in the place of cbi.yaml, unless somebody has edited that meanwhile. */
export async function writeMerge(home: Home, merge: Merge): Promise<void> {
  const isLink = (await lstat(home.paths.config)).isSymbolicLink();
  const file = isLink ? await realpath(home.paths.config) : home.paths.config;
  if ((await readTextIfThere(file)) !== home.text) {
    throw new Failure({
      code: "CBI_IMPORT_RACE",
      message: "cbi.yaml was edited while the import was at work; nothing was changed",
      remedy: "Import again",
      exit: ExitCode.failed,
      class: "retryable",
    });
  }
  await replaceFile(file, merge.text);
}

/** A second import of one file adds nothing, and no job is ever replaced. */
function isPresent(home: Home, { name, settings, held }: ImportedJob): boolean {
  const known = home.config.jobs[name];
  if (!known) return held !== undefined && new RegExp(`^\\s*# ${name}:`, "m").test(home.text);
  const read = jobSchema.safeParse(settings);
  if (read.success && canonicalJson(read.data) === canonicalJson(known)) return true;
  if (held !== undefined) return true;
  throw new Failure({
    code: "CBI_IMPORT_NAME_TAKEN",
    message: `there is a job ${name} in cbi.yaml already, and it is another one; nothing was changed`,
    remedy:
      "Rename the one in cbi.yaml, or add the new one by hand from what is printed without --write",
    exit: ExitCode.configInvalid,
  });
}

function changedOthers(): Failure {
  return new Failure({
    code: "CBI_IMPORT_NO_PLACE",
    message: "adding the jobs would change other values of cbi.yaml; nothing was changed",
    remedy: "Add them by hand from what is printed without --write",
    exit: ExitCode.configInvalid,
  });
}
