import { stat } from "node:fs/promises";
import type { DeclaredOutput } from "../config/jobs-schema.ts";
import type { ExpansionValues } from "../config/expansion.ts";
import type { Zone } from "../schedule/zone.ts";
import { utcText } from "../schedule/wall.ts";
import { messageOf } from "../system/failure.ts";
import { isErrno } from "../system/files.ts";
import { readJsonDay, readTable, type InsideReading } from "./as-of-inside.ts";
import { filledIn, pathIn } from "./values.ts";

/** What a declared output is, or what is wrong with it: a sentence with the file's name. */
export type OutputReading = { evidence: string } | { problem: string };

/**
 * Checks one declared output: it is a file, is not older than `newerThanMs` (to the second, as some disks
 * keep it), is large enough, has rows enough, and is of the day that its inside must name.
 */
export async function checkOutput(
  declared: DeclaredOutput,
  values: ExpansionValues,
  zone: Zone,
  newerThanMs: number,
): Promise<OutputReading> {
  const name = filledIn(declared.path, values);
  const file = pathIn(declared.path, values);
  const facts = await stat(file).catch((error: unknown) =>
    isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR") ? undefined : messageOf(error),
  );
  if (facts === undefined) return { problem: `${name} is not there` };
  if (typeof facts === "string") return { problem: `${name} cannot be looked at: ${facts}` };
  if (!facts.isFile()) return { problem: `${name} is no file` };
  if (facts.mtimeMs < Math.floor(newerThanMs / 1000) * 1000) {
    const [written, wanted] = [facts.mtimeMs, newerThanMs].map((ms) => utcText(Math.floor(ms)));
    return { problem: `${name} is of ${written}, older than ${wanted}` };
  }
  if (facts.size < declared.min_bytes) {
    const found = facts.size === 0 ? "is empty" : `has ${facts.size} bytes`;
    return { problem: `${name} ${found}, expected at least ${declared.min_bytes} bytes` };
  }
  const inside = await readInside(file, declared, zone);
  if (inside === undefined) return { evidence: `${name} is there, ${facts.size} bytes` };
  if ("problem" in inside) return { problem: `${name}: ${inside.problem}` };
  return judgeInside(name, inside, declared, filledIn(declared.as_of, values));
}

/** What stands inside of a file; undefined where nothing of it is asked. */
export async function readInside(
  file: string,
  declared: Pick<DeclaredOutput, "as_of_column" | "as_of_key"> & { min_rows?: number | undefined },
  zone: Zone,
): Promise<InsideReading | undefined> {
  if (declared.as_of_key !== undefined) return readJsonDay(file, declared.as_of_key, zone);
  if (declared.as_of_column === undefined && declared.min_rows === undefined) return undefined;
  return readTable(file, declared.as_of_column, zone);
}

function judgeInside(
  name: string,
  inside: Extract<InsideReading, { rows: unknown }>,
  declared: DeclaredOutput,
  expected: string,
): OutputReading {
  const { day, rows } = inside;
  if (declared.min_rows !== undefined && (rows ?? 0) < declared.min_rows) {
    return { problem: `${name} has ${rows} rows, expected at least ${declared.min_rows}` };
  }
  if (day !== undefined && day !== expected) {
    return { problem: `${name} is of ${day} by its inside, expected ${expected}` };
  }
  return { evidence: day === undefined ? `${name} has ${rows} rows` : `${name} is of ${day}` };
}
