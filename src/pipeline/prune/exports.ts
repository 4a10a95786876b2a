import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { Home } from "../../config/home.ts";
import { beyondRetention } from "../../models/retention.ts";
import { hashFile } from "../../system/files.ts";
import { limitsOf } from "../keep-limits.ts";
import { isPlainFile, sizeAndAge, type Candidate } from "./candidate.ts";
import type { Held } from "./held.ts";
import type { OwnFolders } from "./own-folders.ts";

const FILE_NAME = /^([a-z0-9]{1,8})\.parquet(?:\.manifest\.json)?$/;

const manifestSchema = z.looseObject({
  schema: z.literal(1),
  run: z.string(),
  as_of: z.iso.date(),
  horizon: z.string(),
  sha256: z.string(),
});

/**
 * Exports of horizons that cbi.yaml no longer has, and of the others those beyond
 * `retention.exports`; the next night writes again what it needs. Only what is proved to be ours:
 * plain files of our names, whose manifest we wrote and whose bytes are those that it tells of.
 */
export async function exportsBeyond(
  home: Home,
  { held, folders, nowMs }: { held: Held; folders: OwnFolders; nowMs: number },
): Promise<Candidate[]> {
  const names = await folders.namesIn(home.paths.exports);
  const horizons = new Set(names.flatMap((name) => FILE_NAME.exec(name)?.[1] ?? []));
  const ours: ExportCandidate[] = [];
  const gone: ExportCandidate[] = [];
  for (const horizon of [...horizons].sort()) {
    const candidate = await candidateOf(home, horizon, held);
    if (candidate === undefined) continue;
    (Object.hasOwn(home.config.horizons, horizon) ? ours : gone).push(candidate);
  }
  const beyond = beyondRetention(ours, limitsOf(home.config.retention.exports), nowMs);
  const doomed = [...gone.filter(({ isProtected }) => !isProtected), ...beyond];
  const proved = await Promise.all(doomed.map(isAsWritten));
  return doomed.filter((_candidate, index) => proved[index]);
}

interface ExportCandidate extends Candidate {
  /** Of the table, by its manifest. */
  sha256: string;
}

/** The table of a horizon with its manifest, where they are ours by name and manifest. */
async function candidateOf(
  home: Home,
  horizon: string,
  held: Held,
): Promise<ExportCandidate | undefined> {
  const table = path.join(home.paths.exports, `${horizon}.parquet`);
  const manifest = `${table}.manifest.json`;
  if (!(await isPlainFile(manifest)) || !(await isPlainFile(table))) return undefined;
  const said = await readManifest(manifest);
  if (said?.horizon !== horizon) return undefined;
  const paths = [table, manifest];
  return {
    kind: "export",
    id: path.basename(table),
    sha256: said.sha256,
    ...(await sizeAndAge(paths)),
    isProtected: paths.some((file) => held.exports.has(file)),
    paths,
  };
}

async function readManifest(file: string): Promise<z.infer<typeof manifestSchema> | undefined> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return undefined;
  }
}

/** A table that somebody put in the place of ours has other bytes. */
async function isAsWritten({ paths, sha256 }: ExportCandidate): Promise<boolean> {
  return paths[0] !== undefined && (await hashFile(paths[0])) === sha256;
}
